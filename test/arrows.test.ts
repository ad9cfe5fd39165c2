// The house's arrows run down only; the map of them is in ARCHITECTURE.md.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { repositoryRoot } from "./support/cli.js";

/** What each room may include, besides itself. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  base: [],
  onnx: ["base"],
  media: ["base"],
  image: ["base"],
  svm: ["base"],
  contrast: ["base"],
  clip: ["base", "image", "onnx"],
  engine: ["base", "clip", "contrast", "image", "media", "svm"],
  binding: ["base", "clip", "contrast", "engine", "image", "media", "svm"],
};

/** Headers that one room alone may include. */
const owners: readonly (readonly [RegExp, string])[] = [
  [/^(napi|node_api|js_native_api)/, "binding"],
  [/^lib(av|sw)\w+\//, "media"],
  [/^onnxruntime/, "onnx"],
  [/^svm\.h$/, "svm"],
];

function includesOf(room: string): { file: string; included: string }[] {
  const folder = join(repositoryRoot, "native", room);
  return readdirSync(folder)
    .filter((name) => /\.(h|cc)$/.test(name))
    .flatMap((name) => {
      const text = readFileSync(join(folder, name), "utf8");
      return [...text.matchAll(/^\s*#\s*include\s*["<]([^">]+)[">]/gm)].map((match) => ({
        file: `native/${room}/${name}`,
        included: match[1] ?? "",
      }));
    });
}

describe.each(Object.keys(allowed))("native/%s", (room) => {
  const includes = includesOf(room);

  test("includes only rooms below it", () => {
    const wrong = includes.filter(({ included }) => {
      const [target] = included.split("/");
      return (
        target !== undefined &&
        included.includes("/") &&
        target in allowed &&
        target !== room &&
        !allowed[room]?.includes(target)
      );
    });
    expect(wrong).toEqual([]);
  });

  test("includes no library that belongs to another room", () => {
    const wrong = includes.filter(({ included }) =>
      owners.some(([header, owner]) => header.test(included) && owner !== room),
    );
    expect(wrong).toEqual([]);
  });
});

test("the map names every room", () => {
  const rooms = readdirSync(join(repositoryRoot, "native"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !["cmake", "test", "fuzz", "bench"].includes(entry.name))
    .map((entry) => entry.name);
  expect(rooms.sort()).toEqual(Object.keys(allowed).sort());
});

test("only src/native loads the addon", () => {
  const files = readdirSync(join(repositoryRoot, "src"), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const wrong = files.filter((name) => {
    const text = readFileSync(join(repositoryRoot, "src", name), "utf8");
    return !name.startsWith("native/") && /createRequire|process\.dlopen|\.node["']/.test(text);
  });
  expect(wrong).toEqual([]);
});
