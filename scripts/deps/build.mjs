// Builds the native dependencies from pinned source into the cache and writes where they are for CMake.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { cachedFolder, cacheRoot, keyOf } from "../lib/cache.mjs";
import { isMain, root } from "../lib/root.mjs";
import { output, run, say } from "../lib/run.mjs";
import { fetchSource, readLock } from "./fetch.mjs";

const jobs = String(availableParallelism());

const dav1dOptions = [
  "--default-library=static",
  "--buildtype=release",
  "-Db_staticpic=true",
  "-Denable_tools=false",
  "-Denable_tests=false",
  "-Dc_args=-fvisibility=hidden",
];

const ffmpegParts = {
  decoder:
    "h264 hevc vp8 vp9 libdav1d mpeg1video mpeg2video mpeg4 msmpeg4v1 msmpeg4v2 msmpeg4v3 h263 flv mjpeg prores theora vc1 wmv1 wmv2 wmv3 gif png apng bmp webp ffv1 rawvideo dnxhd huffyuv utvideo",
  encoder: "mpeg4 mjpeg ffv1 png",
  demuxer:
    "mov matroska avi flv mpegts mpegps asf ogg gif image2 image_png_pipe image_jpeg_pipe image_bmp_pipe image_webp_pipe apng mpegvideo m4v h264 hevc ivf obu mjpeg rawvideo",
  muxer: "mp4 matroska avi image2",
  parser: "h264 hevc vp8 vp9 av1 mpegvideo mpeg4video mjpeg vc1 gif png bmp webp dnxhd h263",
  bsf: "h264_mp4toannexb hevc_mp4toannexb extract_extradata vp9_superframe vp9_superframe_split av1_frame_split mpeg4_unpack_bframes",
  protocol: "file pipe",
};

const ffmpegOptions = [
  "--disable-everything",
  "--disable-autodetect",
  "--disable-programs",
  "--disable-doc",
  "--disable-network",
  "--disable-avdevice",
  "--disable-avfilter",
  "--disable-swresample",
  "--disable-postproc",
  "--enable-static",
  "--disable-shared",
  "--enable-pic",
  "--enable-libdav1d",
  "--enable-zlib",
  "--disable-debug",
  "--extra-cflags=-fvisibility=hidden",
  "--pkg-config-flags=--static",
  ...Object.entries(ffmpegParts).flatMap(([kind, names]) => names.split(" ").map((name) => `--enable-${kind}=${name}`)),
];

const highwayOptions = [
  "-DCMAKE_BUILD_TYPE=Release",
  "-DCMAKE_POSITION_INDEPENDENT_CODE=ON",
  "-DCMAKE_CXX_VISIBILITY_PRESET=hidden",
  "-DBUILD_TESTING=OFF",
  "-DHWY_ENABLE_TESTS=OFF",
  "-DHWY_ENABLE_EXAMPLES=OFF",
  "-DHWY_ENABLE_CONTRIB=OFF",
  "-DHWY_FORCE_STATIC_LIBS=ON",
];

/** Headers that need no code of their own, so that the part of Highway that holds them need not be built. */
const highwayHeaders = ["hwy/contrib/math"];

const compiler = () => output(process.env.CXX || "g++", ["--version"])?.split("\n")[0] ?? "unknown compiler";

/** The installed prefix of one dependency, built the first time; the name is keyed by everything that shaped it. */
async function built(name, recipe, build) {
  const entry = readLock()[name];
  const key = keyOf(entry.sha256, recipe, compiler(), process.arch);
  return cachedFolder("deps", `${name}-${entry.version}-${key}`, async (scratch, target) => {
    const source = await fetchSource(name);
    const work = join(cacheRoot(), "work", `${name}-${process.pid}`);
    const log = join(cacheRoot(), `${name}-build.log`);
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    writeFileSync(log, "");
    const began = Date.now();
    await build({ source, work, prefix: scratch, target, log });
    rmSync(work, { recursive: true, force: true });
    say(`built ${name} ${entry.version} in ${((Date.now() - began) / 1000).toFixed(0)} s`);
  });
}

async function buildDav1d() {
  return built("dav1d", dav1dOptions, async ({ source, work, prefix, log }) => {
    say("building dav1d (about 1 minute on 2 cores)");
    await run("meson", ["setup", work, source, `--prefix=${prefix}`, "--libdir=lib", ...dav1dOptions], { log });
    await run("ninja", ["-C", work, "-j", jobs, "install"], { log });
  });
}

async function buildFfmpeg(dav1d) {
  return built("ffmpeg", [ffmpegOptions, dav1dOptions], async ({ source, work, prefix, log }) => {
    say("building FFmpeg, decoders only, LGPL (about 3 minutes on 2 cores)");
    // dav1d's pkg-config file names the folder it was installed to before the cache entry got its name.
    const pkgConfig = join(work, "pkgconfig");
    mkdirSync(pkgConfig);
    const text = readFileSync(join(dav1d, "lib/pkgconfig/dav1d.pc"), "utf8").replace(/^prefix=.*$/m, `prefix=${dav1d}`);
    writeFileSync(join(pkgConfig, "dav1d.pc"), text);
    const env = { PKG_CONFIG_PATH: pkgConfig };
    await run(join(source, "configure"), [`--prefix=${prefix}`, ...ffmpegOptions], { cwd: work, env, log });
    await run("make", ["-j", jobs], { cwd: work, env, log });
    await run("make", ["install"], { cwd: work, env, log });
    cpSync(join(source, "COPYING.LGPLv2.1"), join(prefix, "COPYING.LGPLv2.1"));
  });
}

async function buildHighway() {
  return built("highway", [highwayOptions, highwayHeaders], async ({ source, work, prefix, log }) => {
    say("building Highway");
    await run(
      "cmake",
      [
        "-S",
        source,
        "-B",
        work,
        "-G",
        "Ninja",
        `-DCMAKE_INSTALL_PREFIX=${prefix}`,
        "-DCMAKE_INSTALL_LIBDIR=lib",
        ...highwayOptions,
      ],
      { log },
    );
    await run("cmake", ["--build", work, "-j", jobs], { log });
    await run("cmake", ["--install", work], { log });
    for (const folder of highwayHeaders) {
      cpSync(join(source, folder), join(prefix, "include", folder), { recursive: true });
    }
  });
}

/** Builds what is missing and writes `build/deps.cmake`, the one file through which CMake learns where things are. */
export async function buildDeps() {
  if (/\s/.test(cacheRoot())) {
    throw new Error(
      `The cache folder ${cacheRoot()} has a blank in its path, which FFmpeg's build cannot take: ` +
        "set UNREEL_CACHE to a path without blanks.",
    );
  }
  const dav1d = await buildDav1d();
  const ffmpeg = await buildFfmpeg(dav1d);
  const highway = await buildHighway();
  const libsvm = await fetchSource("libsvm");
  const onnxruntime = await fetchSource("onnxruntime-headers");
  const lines = Object.entries({
    UNREEL_DAV1D: dav1d,
    UNREEL_FFMPEG: ffmpeg,
    UNREEL_HIGHWAY: highway,
    UNREEL_LIBSVM: libsvm,
    UNREEL_ORT_HEADERS: onnxruntime,
    UNREEL_NODE_API_HEADERS: join(root, "node_modules/node-api-headers/include"),
    UNREEL_NODE_ADDON_API: join(root, "node_modules/node-addon-api"),
  }).map(([name, path]) => `set(${name} "${path}")\n`);
  mkdirSync(join(root, "build"), { recursive: true });
  const target = join(root, "build/deps.cmake");
  const text = lines.join("");
  let before = "";
  try {
    before = readFileSync(target, "utf8");
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  if (before !== text) writeFileSync(target, text);
}

if (isMain(import.meta.url)) await buildDeps();
