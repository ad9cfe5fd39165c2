// Bytes of containers and pictures, written by hand: what no encoder would write.
import { crc32, deflateSync } from "node:zlib";

type Part = Buffer | string;

export const u8 = (...values: readonly number[]) => Buffer.from(values.map((value) => value & 255));

export const u16 = (...values: readonly number[]) => Buffer.concat(values.map((value) => u8(value >>> 8, value)));

export const u32 = (...values: readonly number[]) =>
  Buffer.concat(values.map((value) => u8(value >>> 24, value >>> 16, value >>> 8, value)));

export const u64 = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
};

export const le16 = (...values: readonly number[]) => Buffer.concat(values.map((value) => u16(value).reverse()));
export const le32 = (...values: readonly number[]) => Buffer.concat(values.map((value) => u32(value).reverse()));

const joined = (parts: readonly Part[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)));

/** A box of ISO/IEC 14496-12, 4.2. */
export function box(type: string, ...parts: readonly Part[]): Buffer {
  const payload = joined(parts);
  return Buffer.concat([u32(payload.length + 8), Buffer.from(type, "latin1"), payload]);
}

/** A box with version 0 and flags. */
export const fullBox = (type: string, flags: number, ...parts: readonly Part[]) => box(type, u32(flags), ...parts);

/** The same with a size that it does not have. */
export function withSize(bytes: Buffer, size: number): Buffer {
  return Buffer.concat([u32(size), bytes.subarray(4)]);
}

/** What a track says; each table is its payload behind version and flags. */
export interface Track {
  readonly handler?: "vide" | "soun";
  readonly format?: string;
  readonly width?: number;
  readonly height?: number;
  /** The `mdhd` box: its version 1 fields behind the two dates. */
  readonly duration?: bigint;
  readonly timescale?: number;
  readonly stsz?: Buffer;
  readonly stts?: Buffer;
  readonly ctts?: Buffer;
  readonly stss?: Buffer;
  readonly stsc?: Buffer;
  readonly stco?: Buffer;
  readonly elst?: Buffer;
  /** Further boxes at the end of `stbl`. */
  readonly more?: readonly Buffer[];
}

const matrix = Buffer.concat([u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)]);

function sampleEntry({ handler = "vide", format = "jpeg", width = 64, height = 48 }: Track): Buffer {
  if (handler === "soun")
    return box(format, Buffer.alloc(6), u16(1), Buffer.alloc(8), u16(1, 16, 0, 0), u32(48000 << 16));
  const head = [Buffer.alloc(6), u16(1), Buffer.alloc(16), u16(width, height), u32(0x480000, 0x480000, 0), u16(1)];
  return box(format, ...head, Buffer.alloc(32), u16(24, 0xffff));
}

export function trak(id: number, track: Track): Buffer {
  const { width = 64, height = 48, timescale = 25, duration = 25n } = track;
  const table = (type: string, payload: Buffer | undefined) => (payload ? [fullBox(type, 0, payload)] : []);
  const stbl = box(
    "stbl",
    fullBox("stsd", 0, u32(1), sampleEntry(track)),
    ...table("stts", track.stts ?? u32(1, 1, 1)),
    ...table("ctts", track.ctts),
    ...table("stss", track.stss),
    ...table("stsc", track.stsc ?? u32(1, 1, 1, 1)),
    ...table("stsz", track.stsz ?? u32(16, 1)),
    ...table("stco", track.stco ?? u32(1, 48)),
    ...(track.more ?? []),
  );
  const media = box(
    "mdia",
    box("mdhd", u32(0x01000000), u64(0n), u64(0n), u32(timescale), u64(duration), u16(0x55c4, 0)),
    fullBox("hdlr", 0, u32(0), track.handler ?? "vide", Buffer.alloc(13)),
    box("minf", fullBox("vmhd", 1, Buffer.alloc(8)), stbl),
  );
  const size = [u16(width, 0), u16(height, 0)];
  return box(
    "trak",
    fullBox("tkhd", 3, u32(0, 0, id, 0, 25), Buffer.alloc(16), matrix, ...size),
    ...(track.elst ? [box("edts", fullBox("elst", 0, track.elst))] : []),
    media,
  );
}

export const ftyp = box("ftyp", "isom", u32(512), "isomiso2mp41");

export const mvhd = fullBox(
  "mvhd",
  0,
  u32(0, 0, 25, 25, 0x10000),
  u16(0x100, 0),
  u32(0, 0),
  matrix,
  Buffer.alloc(24),
  u32(99),
);

/** An MP4 with these tracks, one after the other, and 4 KiB that are no picture at byte 48. */
export function mp4(tracks: readonly Track[], ...after: readonly Buffer[]): Buffer {
  const moov = box("moov", mvhd, ...tracks.map((track, i) => trak(i + 1, track)), ...after);
  return Buffer.concat([ftyp, box("mdat", Buffer.alloc(4096)), moov]);
}

/** The same with its header behind QuickTime's compression (`cmov`); it claims to be `claimed` bytes long. */
export function compressedMp4(header: Buffer, claimed = header.length): Buffer {
  const data = box("cmvd", u32(claimed), deflateSync(header, { level: 9 }));
  return Buffer.concat([ftyp, box("mdat", Buffer.alloc(4096)), box("moov", box("cmov", box("dcom", "zlib"), data))]);
}

/** A fragmented MP4 of one track whose fragment has these `trun` boxes. */
export function fragmentedMp4(...truns: readonly Buffer[]): Buffer {
  const none = { stts: u32(0), stsc: u32(0), stsz: u32(0, 0), stco: u32(0) };
  const mvex = box("mvex", fullBox("trex", 0, u32(1, 1, 1, 16, 0)));
  const tfhd = fullBox("tfhd", 0x20000, u32(1));
  const moof = box("moof", fullBox("mfhd", 0, u32(1)), box("traf", tfhd, ...truns));
  return Buffer.concat([ftyp, box("moov", mvhd, trak(1, none), mvex), moof, box("mdat", Buffer.alloc(4096))]);
}

/** A PNG whose header is of this size, with these chunks and too few bytes of picture. */
export function png(width: number, height: number, ...chunks: readonly Buffer[]): Buffer {
  const header = pngChunk("IHDR", u32(width, height), u8(8, 2, 0, 0, 0));
  const picture = pngChunk("IDAT", deflateSync(Buffer.alloc(64)));
  return Buffer.concat([
    u8(0x89),
    Buffer.from("PNG\r\n\x1a\n", "latin1"),
    header,
    ...chunks,
    picture,
    pngChunk("IEND"),
  ]);
}

export function pngChunk(type: string, ...parts: readonly Part[]): Buffer {
  const body = joined([type, ...parts]);
  return Buffer.concat([u32(body.length - 4), body, u32(crc32(body))]);
}

export function bmp(width: number, height: number): Buffer {
  const info = Buffer.concat([le32(40, width, height), le16(1, 24), le32(0, 0, 0, 0, 0, 0)]);
  return Buffer.concat([Buffer.from("BM"), le32(1024, 0, 54), info, Buffer.alloc(970)]);
}

/** A lossless WebP (`VP8L`); at most 16,384 a side fit into its header. */
export function webp(width: number, height: number): Buffer {
  const size = (width - 1) | ((height - 1) << 14);
  const data = Buffer.concat([u8(0x2f), le32(size), Buffer.alloc(59)]);
  const chunk = Buffer.concat([Buffer.from("VP8L"), le32(data.length), data]);
  return Buffer.concat([Buffer.from("RIFF"), le32(chunk.length + 4), Buffer.from("WEBP"), chunk]);
}

/** A lossy WebP (`VP8 `) behind the extended header, which claims up to 2^24 a side. */
export function extendedWebp(width: number, height: number): Buffer {
  const le24 = (value: number) => le32(value).subarray(0, 3);
  const extended = Buffer.concat([Buffer.from("VP8X"), le32(10), le32(0), le24(width - 1), le24(height - 1)]);
  const data = Buffer.concat([u8(0x10, 0, 0, 0x9d, 0x01, 0x2a), le16(16_383, 16_383), Buffer.alloc(56)]);
  const chunk = Buffer.concat([Buffer.from("VP8 "), le32(data.length), data]);
  const body = Buffer.concat([extended, chunk]);
  return Buffer.concat([Buffer.from("RIFF"), le32(body.length + 4), Buffer.from("WEBP"), body]);
}

/** A GIF of this logical screen with `frames` pictures of one pixel. */
export function gif(width: number, height: number, frames: number): Buffer {
  const head = Buffer.concat([Buffer.from("GIF89a"), le16(width, height), u8(0x80, 0, 0), u8(0, 0, 0, 255, 255, 255)]);
  const control = u8(0x21, 0xf9, 4, 0, 1, 0, 0, 0);
  const picture = Buffer.concat([u8(0x2c), le16(0, 0, 1, 1), u8(0, 2, 2, 0x44, 1, 0)]);
  const frame = Buffer.concat([control, picture]);
  return Buffer.concat([head, ...new Array<Buffer>(frames).fill(frame), u8(0x3b)]);
}

/** An element of Matroska (RFC 8794): its id as it is written, and a size of eight bytes, which may be a lie. */
export function ebml(id: number, payload: Buffer, size = payload.length): Buffer {
  const digits = id.toString(16);
  const length = u64(BigInt(size) | (1n << 56n));
  return Buffer.concat([Buffer.from(digits.length % 2 ? `0${digits}` : digits, "hex"), length, payload]);
}

const ebmlNumber = (id: number, value: number) => ebml(id, u32(value));

export function matroskaTrack(number: number, width: number, height: number): Buffer {
  const video = ebml(0xe0, Buffer.concat([ebmlNumber(0xb0, width), ebmlNumber(0xba, height)]));
  const fields = [ebmlNumber(0xd7, number), ebmlNumber(0x73c5, number), ebmlNumber(0x83, 1)];
  return ebml(0xae, Buffer.concat([...fields, ebml(0x86, Buffer.from("V_MJPEG")), video]));
}

/** A Matroska file with these tracks and a cluster that says it is `clusterSize` bytes long. */
export function matroska(tracks: readonly Buffer[], { duration = 1000, clusterSize = 64 } = {}): Buffer {
  const seconds = Buffer.alloc(8);
  seconds.writeDoubleBE(duration);
  const head = ebml(0x1a45dfa3, ebml(0x4282, Buffer.from("matroska")));
  const info = ebml(0x1549a966, Buffer.concat([ebmlNumber(0x2ad7b1, 1_000_000), ebml(0x4489, seconds)]));
  const block = ebml(0xa3, Buffer.concat([u8(0x81, 0, 0, 0x80), Buffer.alloc(16)]), clusterSize);
  const cluster = ebml(0x1f43b675, Buffer.concat([ebmlNumber(0xe7, 0), block]), clusterSize + 32);
  const body = Buffer.concat([info, ebml(0x1654ae6b, Buffer.concat(tracks)), cluster]);
  return Buffer.concat([head, ebml(0x18538067, body)]);
}

/** An FLV whose metadata claims a list of `entries` key frames. */
export function flv(entries: number): Buffer {
  const name = (text: string) => Buffer.concat([u16(text.length), Buffer.from(text)]);
  const string = (text: string) => Buffer.concat([u8(2), name(text)]);
  const list = (text: string) => Buffer.concat([name(text), u8(10), u32(entries), u8(0), Buffer.alloc(8)]);
  const lists = Buffer.concat([name("keyframes"), u8(3), list("times"), list("filepositions")]);
  const data = Buffer.concat([string("onMetaData"), u8(8), u32(1), lists, u8(0, 0, 9)]);
  const head = Buffer.concat([Buffer.from("FLV"), u8(1, 1), u32(9, 0)]);
  const tag = Buffer.concat([u8(18), u32(data.length).subarray(1), Buffer.alloc(7), data, u32(data.length + 11)]);
  return Buffer.concat([head, tag, Buffer.alloc(64)]);
}

/** The file with other bytes `offset` behind the first `text`. */
export function withBytes(file: Buffer, text: string, offset: number, bytes: Buffer): Buffer {
  const at = file.indexOf(text, 0, "latin1");
  if (at < 0) throw new Error(`the file has no ${JSON.stringify(text)}`);
  const copy = Buffer.from(file);
  bytes.copy(copy, at + offset);
  return copy;
}

/** Exp-Golomb codes of ITU-T H.264, 9.1. */
const ue = (value: number) => {
  const bits = (value + 1).toString(2);
  return "0".repeat(bits.length - 1) + bits;
};

/** A sequence parameter set (ITU-T H.264, 7.3.2.1.1) of Constrained Baseline and this size, id 0, behind a start code. */
function sequenceParameters(side: number): Buffer {
  const inMacroblocks = ue(side / 16 - 1);
  const order = `${ue(2)}${ue(1)}0`; // the order of output is that of decoding; one reference frame, without gaps
  const bits = `${ue(0)}${ue(0)}${order}${inMacroblocks}${inMacroblocks}11001`;
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
  const payload = (padded.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  return Buffer.from([0, 0, 0, 1, 0x67, 66, 0xc0, 52, ...payload]);
}

/** An H.264 stream in which the second sequence parameter set and all after it are of another size. */
export function withLargeSps(stream: Buffer, side: number): Buffer {
  const starts: number[] = [];
  for (let at = stream.indexOf("\0\0\x01", 0, "latin1"); at >= 0; at = stream.indexOf("\0\0\x01", at + 3, "latin1"))
    starts.push(at);
  let seen = 0;
  const units = starts.map((at, i) => {
    const unit = stream.subarray(at, starts[i + 1] ?? stream.length);
    return ((unit[3] ?? 0) & 31) === 7 && seen++ > 0 ? sequenceParameters(side) : unit;
  });
  return Buffer.concat(units);
}
