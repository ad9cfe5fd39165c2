// process.exit() in the middle of work. Usage: exiting.mjs WORK RESULTS CODE CLIP ENCODER [DETECTOR]
import { endless } from "./endless.mjs";

const [work, results, code, ...inputs] = process.argv.slice(2);
let seen = 0;
await endless[work](inputs, () => {
  if (++seen === Number(results)) process.exit(Number(code));
});
