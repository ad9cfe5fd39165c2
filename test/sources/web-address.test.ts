import { describe, expect, test } from "vitest";
import { parseManifest } from "../../src/datasets/manifest.js";
import { videosFromPaths } from "../../src/datasets/video.js";
import { parseContentRange, redirectTarget, shownUrl, withoutSecrets } from "../../src/sources/web-address.js";

const secret = "https://user:password@example.org:8443/a/b.mp4?token=abc#part";

test("messages show neither user, password, query nor fragment", () => {
  expect(shownUrl(new URL(secret))).toBe("https://example.org:8443/a/b.mp4?…");
  expect(shownUrl(new URL("http://example.org/a.mp4"))).toBe("http://example.org/a.mp4");
});

test("what is stored leaves them out too, and paths stay as they are", () => {
  expect(withoutSecrets(secret)).toBe("https://example.org:8443/a/b.mp4");
  expect(withoutSecrets("clips/a?b#c.mp4")).toBe("clips/a?b#c.mp4");
  expect(withoutSecrets("http://[")).toBe("http://[");
});

describe("videos on servers", () => {
  test("have ids that outlive an access token", () => {
    const [video] = videosFromPaths([secret, "./clips//a.mp4"]);
    expect(video).toEqual({
      id: "https://example.org:8443/a/b.mp4",
      path: secret,
      group: "https://example.org:8443/a/b.mp4",
    });
    expect(videosFromPaths([secret, secret])).toHaveLength(1);
  });

  test("that would share an id are refused rather than taken for one", () => {
    expect(() => videosFromPaths(["https://example.org/watch?v=1", "https://example.org/watch?v=2"])).toThrow(
      TypeError,
    );
  });

  test("stand in manifests as they are", () => {
    expect(
      parseManifest("path,id\nhttps://example.org/a.mp4?t=1,\nhttps://example.org/a.mp4?t=2,b\n", "/m/list.csv"),
    ).toMatchObject([
      { id: "b", path: "https://example.org/a.mp4?t=2" },
      { id: "https://example.org/a.mp4", path: "https://example.org/a.mp4?t=1" },
    ]);
  });
});

describe("redirects", () => {
  const from = new URL("https://example.org/a/b.mp4?token=abc");
  const target = (location: string | null, allow = false) => redirectTarget(from, location, allow).href;

  test("are followed to http and https, relative ones from where they are", () => {
    expect(target("c.mp4")).toBe("https://example.org/a/c.mp4");
    expect(target("//other.org/c.mp4")).toBe("https://other.org/c.mp4");
    expect(redirectTarget(new URL("http://example.org/"), "http://other.org/", false).href).toBe("http://other.org/");
  });

  test.each([
    ["file:///etc/passwd"],
    ["ftp://example.org/a.mp4"],
    ["data:video/mp4;base64,AAAA"],
    ["http://["],
    ["http://example.org/a.mp4"],
    [null],
  ])("are refused to %s, without a word of the query", (location) => {
    expect(() => target(location)).toThrow(expect.objectContaining({ code: "ERR_UNREEL_REDIRECT_REFUSED" }));
    expect(() => target(location)).not.toThrow(/abc/);
  });

  test("from https to http only where it is allowed", () => {
    expect(target("http://example.org/a.mp4", true)).toBe("http://example.org/a.mp4");
  });
});

test("Content-Range is understood to the letter, or not at all", () => {
  expect(parseContentRange("bytes 10-99/100")).toEqual({ first: 10, last: 99, size: 100 });
  expect(parseContentRange("bytes 0-0/*")).toEqual({ first: 0, last: 0, size: undefined });
  for (const header of [
    null,
    "",
    "bytes */100",
    "bytes 10-9/100",
    "bytes 0-100/100",
    "items 0-9/10",
    "bytes 0-9",
    "bytes -1-9/10",
  ]) {
    expect(parseContentRange(header)).toBeUndefined();
  }
});
