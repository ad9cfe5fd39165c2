// MP4 files with their boxes in another order, or with a hole between them.

interface Box {
  readonly type: string;
  readonly bytes: Buffer;
}

/** The boxes of a file, or of a box's payload, one after the other; sizes of 32 bits alone. */
function boxesOf(bytes: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at < bytes.length; at += boxes.at(-1)?.bytes.length ?? 0) {
    const size = bytes.readUInt32BE(at);
    if (size < 8) throw new Error("only boxes that say their size in 32 bits are understood");
    boxes.push({ type: bytes.toString("latin1", at + 4, at + 8), bytes: bytes.subarray(at, at + size) });
  }
  return boxes;
}

/** Adds `shift` to every chunk offset in a moov box, in place. */
function shiftOffsets(box: Buffer, shift: number): void {
  for (const { type, bytes } of boxesOf(box.subarray(8))) {
    if (["trak", "mdia", "minf", "stbl"].includes(type)) shiftOffsets(bytes, shift);
    if (type !== "stco") continue;
    for (let i = 0; i < bytes.readUInt32BE(12); i++) {
      bytes.writeUInt32BE(bytes.readUInt32BE(16 + 4 * i) + shift, 16 + 4 * i);
    }
  }
}

/** A box that readers skip. */
export function freeBox(size: number): Buffer {
  const box = Buffer.alloc(size);
  box.writeUInt32BE(size, 0);
  box.write("free", 4, "latin1");
  return box;
}

function rearranged(file: Uint8Array, before: (moov: Buffer) => Buffer[], after: (moov: Buffer) => Buffer[]): Buffer {
  const boxes = boxesOf(Buffer.from(file));
  const moov = boxes.find(({ type }) => type === "moov")?.bytes;
  const first = boxes[0]?.bytes;
  if (moov === undefined || first === undefined || boxes[0]?.type !== "ftyp") throw new Error("no MP4 as expected");
  const inserted = before(moov);
  const shift = inserted.reduce((sum, { length }) => sum + length, 0);
  shiftOffsets(moov, shift);
  const rest = boxes.slice(1).filter(({ type }) => type !== "moov");
  return Buffer.concat([first, ...inserted, ...rest.map(({ bytes }) => bytes), ...after(moov)]);
}

/** The file with its table ahead of the frames, as for streaming; `file` has it at the end. */
export function tableFirst(file: Uint8Array): Buffer {
  return rearranged(
    file,
    (moov) => [moov],
    () => [],
  );
}

/** The file with `size` bytes ahead of the frames that nobody needs; its table stays at the end. */
export function withHole(file: Uint8Array, size: number): Buffer {
  return rearranged(
    file,
    () => [freeBox(size)],
    (moov) => [moov],
  );
}
