// Fetches pinned third-party source into the cache: the first origin that answers with the pinned bytes wins.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cachedFolder, keyOf, readJson, sha256File } from "../lib/cache.mjs";
import { root } from "../lib/root.mjs";
import { has, run, say } from "../lib/run.mjs";

/** The lock file: name -> {version, sha256 | files, origins}. */
export function readLock() {
  const { $comment, ...entries } = readJson(join(root, "scripts/deps/lock.json"));
  return entries;
}

async function download(url, target) {
  const response = await fetch(url, { signal: AbortSignal.timeout(120_000) });
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  writeFileSync(target, Buffer.from(await response.arrayBuffer()));
}

/**
 * A private apt root for another Debian suite: nothing under /etc is read for sources or changed. The mirror is the one
 * that the machine itself is set up with. It is this process's own and gone when the process ends: two set-ups at once
 * would fight over apt's locks, or read lists that the other one is writing.
 */
async function aptRoot(suite) {
  if (!has("apt-get")) throw new Error("apt-get is not here");
  const known = aptRoots.get(suite);
  if (known !== undefined) return known;
  const uri = machineMirror();
  const place = mkdtempSync(join(tmpdir(), `unreel-apt-${suite}-${process.pid}-`));
  process.once("exit", () => rmSync(place, { recursive: true, force: true }));
  const parts = join(place, "parts");
  for (const folder of ["lists/partial", "cache/archives/partial", "parts"])
    mkdirSync(join(place, folder), { recursive: true });
  const source = `Types: deb deb-src\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`;
  writeFileSync(join(parts, `${suite}.sources`), source);
  const config = join(place, "apt.conf");
  writeFileSync(
    config,
    `Dir::State::lists "${place}/lists";\nDir::Cache "${place}/cache";\nDir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "${parts}";\nAPT::Sandbox::User "";\n`,
  );
  const env = { APT_CONFIG: config };
  await run("apt-get", ["update", "-qq"], { env, capture: true });
  aptRoots.set(suite, env);
  return env;
}

/** The environment of each suite's apt root, once its lists are there. */
const aptRoots = new Map();

function machineMirror() {
  const folder = "/etc/apt/sources.list.d";
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".sources")) : [];
  for (const name of files.sort((a, b) => Number(b.startsWith("debian")) - Number(a.startsWith("debian")))) {
    const match = /^URIs:\s*(\S+)/m.exec(readFileSync(join(folder, name), "utf8"));
    if (match && /debian/.test(match[1])) return match[1];
  }
  const list = existsSync("/etc/apt/sources.list") ? readFileSync("/etc/apt/sources.list", "utf8") : "";
  const match = /^deb\s+(?:\[[^\]]*\]\s+)?(\S*debian\S*)/m.exec(list);
  if (match) return match[1];
  throw new Error("no Debian mirror is configured on this machine");
}

async function fromDebianSource(origin, scratch) {
  const env = await aptRoot(origin.suite);
  const lines = await run("apt-get", ["source", "--download-only", "--print-uris", origin.debianSource], {
    env,
    cwd: scratch,
    capture: true,
  });
  const line = lines.split("\n").find((each) => each.split(" ")[1] === origin.file);
  const uri = line && /^'([^']+)'/.exec(line)?.[1];
  if (!uri) throw new Error(`Debian ${origin.suite} has no ${origin.file} now`);
  const target = join(scratch, origin.file);
  await run("/usr/lib/apt/apt-helper", ["download-file", uri, target], { env, capture: true });
  return target;
}

async function fromDebianPackage(origin, scratch) {
  const env = await aptRoot(origin.suite);
  await run("apt-get", ["download", origin.debianPackage], { env, cwd: scratch, capture: true });
  const deb = readdirSync(scratch).find((name) => name.startsWith(`${origin.debianPackage}_`));
  await run("dpkg-deb", ["-x", deb, "unpacked"], { cwd: scratch, capture: true });
  return join(scratch, "unpacked", origin.under);
}

async function fromPypiSdist(origin, scratch) {
  await run(
    "python3",
    ["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", origin.pypiSdist, "-d", scratch],
    { capture: true },
  );
  const sdist = readdirSync(scratch).find((name) => name.endsWith(".tar.gz"));
  await run("tar", ["xf", sdist, "--strip-components=1"], { cwd: scratch, capture: true });
  return join(scratch, origin.under);
}

/** One attempt: puts the origin's bytes into `scratch`; returns the path of the archive, or of the folder with the files. */
async function attempt(name, entry, origin, scratch) {
  if (origin.url) {
    const target = join(scratch, entry.archive);
    await download(origin.url, target);
    return target;
  }
  if (origin.urlBase) {
    for (const file of Object.keys(entry.files)) await download(origin.urlBase + file, join(scratch, file));
    return scratch;
  }
  if (origin.debianSource) return fromDebianSource(origin, scratch);
  if (origin.debianPackage) return fromDebianPackage(origin, scratch);
  if (origin.pypiSdist) return fromPypiSdist(origin, scratch);
  throw new Error(`${name}: an origin of an unknown kind`);
}

async function verified(name, path, expected) {
  const actual = await sha256File(path);
  if (actual !== expected) throw new Error(`${name}: SHA-256 ${actual}, pinned ${expected}`);
}

function originName(origin) {
  if (origin.url || origin.urlBase) return "upstream";
  if (origin.debianSource) return `Debian ${origin.suite}'s source package ${origin.debianSource}`;
  if (origin.debianPackage) return `Debian ${origin.suite}'s package ${origin.debianPackage}`;
  return `PyPI's sdist ${origin.pypiSdist}`;
}

/** The line that says why: a failed program's is the last that it wrote. */
export function reasonOf(error) {
  const lines = error.message.split("\n").filter((line) => line.trim() !== "");
  const cause = error.cause ? ` (${error.cause.code ?? error.cause.message})` : "";
  return `${lines.at(-1)?.trim() ?? "no reason given"}${cause}`;
}

/**
 * The folder in the cache that holds an entry's verified bytes: the unpacked archive, or the pinned files. Throws with
 * every origin's failure when none gives the pinned bytes.
 */
export async function fetchSource(name) {
  const entry = readLock()[name];
  const folder = `${name}-${entry.version}-${keyOf(entry.sha256 ?? entry.files)}`;
  return cachedFolder("source", folder, async (scratch) => {
    const failures = [];
    for (const origin of entry.origins) {
      const incoming = join(scratch, "incoming");
      rmSync(incoming, { recursive: true, force: true });
      mkdirSync(incoming);
      try {
        say(`fetching ${name} ${entry.version} from ${originName(origin)}`);
        const found = await attempt(name, entry, origin, incoming);
        await take(name, entry, found, scratch);
        rmSync(incoming, { recursive: true, force: true });
        return;
      } catch (error) {
        failures.push(`  ${originName(origin)}: ${reasonOf(error)}`);
      }
    }
    throw new Error(`No origin gave ${name} ${entry.version} with the pinned SHA-256:\n${failures.join("\n")}`);
  });
}

async function take(name, entry, found, scratch) {
  if (entry.sha256) {
    await verified(name, found, entry.sha256);
    await run("tar", ["xf", found, "--strip-components=1", "-C", scratch], { capture: true });
    return;
  }
  for (const [file, hash] of Object.entries(entry.files)) {
    await verified(`${name}/${file}`, join(found, file), hash);
    renameSync(join(found, file), join(scratch, file));
  }
}
