{
  # node-gyp delegates to the CMake build, and does nothing when the addon is there already.
  "variables": {
    "unreel_present%": "<!(node -e \"console.log(require('fs').existsSync('build/release/unreel.node') ? 1 : 0)\")"
  },
  "targets": [
    {
      "target_name": "unreel",
      "type": "none",
      "conditions": [
        ["unreel_present==0", {
          "actions": [
            {
              "action_name": "cmake",
              "inputs": [],
              "outputs": ["build/release/unreel.node"],
              "action": ["node", "scripts/build.mjs", "--native"]
            }
          ]
        }]
      ]
    }
  ]
}
