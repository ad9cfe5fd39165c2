import { UnreelTypeError } from "../errors.js";
import { shown } from "../validate.js";

/** One file of a repository on the hub, at one revision: `hf:OWNER/REPO/FILE@REVISION`. */
export interface HubSource {
  readonly owner: string;
  readonly repo: string;
  /** '/'-separated path within the repository. */
  readonly file: string;
  /** A commit, or the name of a branch or tag. */
  readonly revision: string;
}

const prefix = "hf:";
/** What the hub allows in the names of owners and repositories. */
const repositoryPart = /^[\w-][\w.-]{0,95}$/;
const form = "hf:OWNER/REPOSITORY/FILE@REVISION";

/** Whether a text is meant as the address of a file on the hub. */
export function isHubSource(text: string): boolean {
  return text.startsWith(prefix);
}

/** Whether a revision is a whole commit hash, so that its bytes can never become others. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/** No part may lead out of the folder that the file is put into. */
function isPlainPart(part: string): boolean {
  return part !== "" && part !== "." && part !== ".." && [...part].every((sign) => sign >= " " && sign !== "\\");
}

/**
 * Reads `hf:OWNER/REPO/FILE@REVISION`.
 *
 * @throws UnreelTypeError that names the part which is missing or wrong
 */
export function parseHubSource(text: string): HubSource {
  const wrong = (why: string) => new UnreelTypeError(`${shown(text)} is not ${form}: ${why}`, { source: text });
  const at = text.lastIndexOf("@");
  if (at < 0) throw wrong("it names no revision; a commit's 40 hex digits pin the bytes");
  const revision = text.slice(at + 1);
  const [owner = "", repo = "", ...parts] = text.slice(prefix.length, at).split("/");
  if (!repositoryPart.test(owner)) throw wrong(`${shown(owner)} cannot be an owner's name`);
  if (!repositoryPart.test(repo)) throw wrong(`${shown(repo)} cannot be a repository's name`);
  if (parts.length === 0) throw wrong("it names no file");
  if (!parts.every(isPlainPart)) throw wrong(`${shown(parts.join("/"))} cannot be a file's path`);
  if (!revision.split("/").every(isPlainPart)) throw wrong(`${shown(revision)} cannot be a revision`);
  return { owner, repo, file: parts.join("/"), revision };
}

/** The text that {@link parseHubSource} reads. */
export function hubSourceText({ owner, repo, file, revision }: HubSource): string {
  return `${prefix}${owner}/${repo}/${file}@${revision}`;
}

/** `OWNER/REPO`, as the hub's own tools write it. */
export function repositoryName({ owner, repo }: HubSource): string {
  return `${owner}/${repo}`;
}
