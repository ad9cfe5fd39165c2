/**
 * What the addon exports: the shape of native/binding. Internal: users see the typed face over it. Every promise may
 * reject with a plain `Error` that carries `code`, `details`; {@link callNative} turns it into an `UnreelError`.
 */
export interface NativeBinding {
  versions(): NativeVersions;
  /** Loads libonnxruntime once per process. */
  loadOnnxRuntime(path: string): { path: string; version: string };
  createToken(): NativeToken;

  /** Bytes that the caller brings as they are wanted; messages call them `name`. */
  createSpool(name: string, limits: NativeLimits): NativeSpool;
  openVideo(source: NativeSource, limits: NativeLimits, token: NativeToken): Promise<NativeVideo>;
  createClip(path: string, options: NativeClipOptions): Promise<NativeClip>;
  /** rgb: height x width x 3; resolves to size x size x 3. */
  preprocess(rgb: Uint8Array, width: number, height: number, variant: string, size: number): Promise<Uint8Array>;

  /** Their embeddings stand side by side in every row, in this order. */
  loadEncoders(files: readonly NativeEncoderFile[], options: NativeEncoderOptions): Promise<NativeEncoder>;

  /** classifier: dims + 1, or empty without a term. */
  contrastiveLoss(
    embeddings: Float32Array,
    labels: Int32Array,
    rows: number,
    dims: number,
    options: NativeLossOptions,
    classifier: Float32Array,
  ): Promise<NativeLoss>;
  /** onEpoch: after each epoch; with a state that another training can go on from where `keepStates` asks for it. */
  trainHead(
    source: NativeRowSource,
    rows: NativeTrainingRows,
    /** How many numbers of a row come from each encoder, where rows are to be standardised; empty: as they are. */
    blocks: Uint32Array,
    options: NativeHeadOptions & { keepStates: boolean },
    onEpoch: (epoch: { report: NativeEpoch; state?: NativeTrainerState }) => void,
    token: NativeToken,
    stop: NativeToken,
    from: (NativeTrainerState & { history: readonly NativeEpoch[] }) | undefined,
  ): Promise<NativeTrainingResult>;
  createHead(head: NativeHeadData): NativeHead;

  trainSvm(
    x: Float64Array | Float32Array,
    labels: Int32Array,
    dims: number,
    parameters: NativeSvmParameters,
    onProgress: (progress: { iterations: number; gap: number }) => void,
    token: NativeToken,
  ): Promise<NativeSvm>;
  /** gammas x cs x rows, C order. */
  crossValidateSvm(
    x: Float64Array | Float32Array,
    labels: Int32Array,
    dims: number,
    parameters: NativeSvmParameters,
    plan: { folds: Int32Array; cs: Float64Array; gammas: Float64Array; matrixMb: number },
    onProgress: (progress: { done: number; all: number }) => void,
    token: NativeToken,
  ): Promise<Float64Array>;
  loadSvm(path: string): Promise<NativeSvm>;
  /** Platt's sigmoid, 1 / (1 + exp(a value + b)). values: at least one, finite; labels: 1 fake, 0 real. */
  fitSigmoid(values: Float64Array, labels: Int32Array): Promise<{ a: number; b: number }>;
  /** dims: 0 = the greatest index */
  readSvmData(
    path: string,
    dims: number,
    token: NativeToken,
  ): Promise<{ x: Float64Array<ArrayBuffer>; labels: Int32Array<ArrayBuffer>; rows: number; dims: number }>;
}

export interface NativeEncoderOptions {
  /** Threads that decode and encode. */
  workers: number;
  /** Pictures an encode call takes at most. */
  batch: number;
  device: string;
}

export interface NativeEncoderFile {
  path: string;
  /** By the caller; goes before what the model file says. */
  given?: NativePreprocessing;
  /** By a file beside the model; comes after what the model file says. */
  beside?: NativePreprocessing;
}

export interface NativePreprocessing {
  variant?: string;
  size?: number;
  mean?: readonly number[];
  std?: readonly number[];
  /** Who says so, for messages. */
  source: string;
}

export interface NativeVersions {
  unreel: string;
  libav: string;
  libavLicence: string;
  libsvm: string;
  nodeApi: number;
  cpu: { model: string; cores: number; vectors: string[]; target: string; targets: string[] };
}

export interface NativeToken {
  cancel(): void;
}

export interface NativeLimits {
  maxPixels: number;
  maxFrames: number;
  maxDurationUs: number;
  maxBytes: number;
  maxSpoolBytes: number;
  maxStreams: number;
  maxIndexEntries: number;
  maxMemoryBytes: number;
  openTimeoutMs: number;
  frameTimeoutMs: number;
  idleTimeoutMs: number;
}

/** A path, bytes that are copied, or a spool, which feeds one video. */
export type NativeSource = string | Uint8Array | NativeSpool;

/** Kept bytes that one producer brings. Once it is done, all its calls do nothing. */
export interface NativeSpool {
  /** Resolves once the bytes are kept; one call at a time. Rejects where a limit or the disk forbids it. */
  put(offset: number, bytes: Uint8Array): Promise<void>;
  /** Says how many bytes there are altogether. */
  setSize(size: number): void;
  /** Readers that miss bytes get this error. */
  fail(code: string, message: string, details: object): void;
  /** The offset of a byte that is wanted, once one is; null once the spool is done. Keeps no process alive. */
  wanted(): Promise<number | null>;
  /** Resolves once every byte is there, or none is wanted any more. Keeps no process alive. */
  done(): Promise<void>;
  close(): void;
}

export type NativePolicy = NativeChoice & { startUs?: number; endUs?: number };

export type NativeChoice =
  | { kind: "count"; count: number }
  | { kind: "fps"; fps: number }
  | { kind: "frames"; frames: number[] }
  | { kind: "keyframes" }
  | { kind: "all" };

export interface NativeVideoInfo {
  width: number;
  height: number;
  rotation: number;
  durationUs: number | null;
  frameCount: number;
  codec: string;
  pixelFormat: string;
  colorSpace: string;
  colorRange: string;
  container: string;
  sampleAspectRatio: number;
  startUs: number;
  stream: number;
}

export interface NativeVideoStats {
  packets: number;
  packetsRead: number;
  packetsDecoded: number;
  framesDamaged: number;
  framesMissing: number;
  fallbacks: { packetsChanged: number; frameMissing: number; frameDamaged: number };
}

export interface NativeFrameForm {
  /** 0: whole frames; else CLIP's crop of that side. */
  cropSize: number;
  alpha: "black" | "drop";
}

export interface NativeVideo {
  info(): NativeVideoInfo;
  stats(): NativeVideoStats;
  sample(policy: NativePolicy, threads: number, form: NativeFrameForm, token: NativeToken): NativeFrameStream;
  close(): void;
}

export interface NativeFrame {
  data: Uint8Array;
  width: number;
  height: number;
  ptsUs: number;
  frame: number;
  keyFrame: boolean;
}

export interface NativeFrameStream {
  /** The next frame, or null at the end. One call at a time. */
  next(): Promise<NativeFrame | null>;
  close(): void;
}

export interface NativeClipOptions {
  codec: string;
  width: number;
  height: number;
  fpsNumerator: number;
  fpsDenominator: number;
  quality: number;
  gop: number;
}

export interface NativeClip {
  write(rgb: Uint8Array): Promise<void>;
  finish(): Promise<void>;
  /** Drops what was written when finish() was not called. */
  close(): void;
}

export interface NativeContract {
  input: string;
  output: string;
  preprocessing: string;
  /** The model file itself names its variant. */
  declaresPreprocessing: boolean;
  imageSize: number;
  /** Null where the pixels go in as the bytes they are. */
  mean: number[] | null;
  std: number[] | null;
  /** Of one preprocessed picture. */
  pictureBytes: number;
  dimension: number;
  fixedBatch: number | null;
  precision: string;
  batchInvariant: boolean;
  /** Files beside the model that hold weights, as the model names them. */
  externalFiles: string[];
  device: string;
}

export interface NativeEmbedding {
  frames: Float64Array;
  ptsUs: Float64Array;
  /** frames.length x dimension */
  embeddings: Float32Array;
  info: NativeVideoInfo;
  stats: NativeVideoStats;
  /** Microseconds spent in each stage for this video. */
  timings: { decodeUs: number; preprocessUs: number; encodeUs: number };
}

export interface NativeEncoder {
  /** One an encoder. */
  contracts(): NativeContract[];
  /** By the first encoder. crops: count x pictureBytes; resolves to count x dimension. */
  encode(crops: Uint8Array, count: number, token: NativeToken): Promise<Float32Array>;
  /** Resolves to the batch that is worth its memory when so many threads encode at once with that encoder, after budgetS
   * seconds or so. */
  measureBatch(encoder: number, threads: number, budgetS: number, token: NativeToken): Promise<number>;
  setBatch(batch: number): void;
  embedVideo(
    source: NativeSource,
    policy: NativePolicy,
    limits: NativeLimits,
    token: NativeToken,
  ): Promise<NativeEmbedding>;
  close(): void;
}

/** Rows in memory, or in the files of a store. */
export type NativeRowSource =
  | { x: Float32Array; rows: number; dims: number }
  | {
      shards: readonly NativeShard[];
      /** Two a row: index of the shard, and row of the shard. */
      places: Uint32Array;
      dims: number;
    };

/** An .npy file of vectors. */
export interface NativeShard {
  path: string;
  dtype: "<f2" | "<f4";
  /** Of the first vector, in bytes. */
  dataOffset: number;
  rows: number;
}

export interface NativeTrainingRows {
  labels: Int32Array;
  /** 1 for rows that choose the epoch. */
  validation: Uint8Array;
  /** Which video, and which source, a row is of. */
  videos: Uint32Array;
  groups: Uint32Array;
}

/** Complete: what a loss does not look at is there too. */
export interface NativeLossOptions {
  loss: "supcon" | "align-uniform" | "triplet" | "margin" | "single-centre";
  temperature: number;
  /** 0: no factor. */
  baseTemperature: number;
  alignAlpha: number;
  alignWeight: number;
  uniformWeight: number;
  uniformT: number;
  margin: number;
  mining: "hard" | "all";
  term: "none" | "cross-entropy" | "hinge";
  termWeight: number;
}

export interface NativeLoss {
  loss: number;
  gradient: Float32Array;
  temperatureGradient?: number;
  classifierGradient?: Float32Array;
}

export interface NativeHeadOptions {
  dimension: number;
  /** 0 for a linear head. */
  hidden: number;
  dropout: number;
  loss: NativeLossOptions;
  learnTemperature: boolean;
  epochs: number;
  batch: number;
  framesPerVideo: number;
  optimizer: string;
  momentum: number;
  learningRate: number;
  warmUp: number;
  weightDecay: number;
  clipNorm: number;
  patience: number;
  seed: number;
  threads: number;
}

export interface NativeEpoch {
  epoch: number;
  loss: number;
  validationLoss: number;
  auc: number;
  meanCosine: number;
  crossCosine: number;
  alignment: number;
  uniformity: number;
  learningRate: number;
  temperature: number;
}

export interface NativeTrainerState {
  epochs: number;
  steps: number;
  head: NativeHeadData;
  classifier: Float32Array;
  logScale: number;
  optimizer: Float64Array;
  best: NativeHeadData;
  bestEpoch: number;
}

export interface NativeTrainingResult {
  state: NativeTrainerState;
  end: "finished" | "early" | "stopped" | "collapsed" | "diverged";
  /** The best epoch's head, for rows as they were given; absent where none was whole. */
  head?: NativeHeadData;
  /** Of a collapsed or diverged training. */
  failure?: Error;
}

export interface NativeHeadData {
  layers: readonly NativeLayer[];
}

export interface NativeLayer {
  in: number;
  out: number;
  /** out x in */
  weight: Float32Array;
  bias: Float32Array;
}

export interface NativeHead {
  project(x: Float32Array, rows: number): Promise<Float32Array>;
}

export type NativeFormulation = "c-svc" | "nu-svc" | "one-class";
export type NativeKernel = "linear" | "polynomial" | "rbf" | "sigmoid";

export interface NativeSvmParameters {
  formulation: NativeFormulation;
  kernel: NativeKernel;
  c: number;
  nu: number;
  gamma: number;
  coef0: number;
  degree: number;
  weightReal: number;
  weightFake: number;
  epsilon: number;
  cacheMb: number;
  shrinking: boolean;
  exact: boolean;
  libsvmProbability: boolean;
  /** Of libsvm's probability: srand's seed */
  stream: number;
  /** 0: all cores */
  threads: number;
  /** 0: libsvm's own limit */
  maxIterations: number;
  maxSeconds: number;
}

export interface NativeSvm {
  readonly formulation: NativeFormulation;
  readonly kernel: NativeKernel;
  readonly gamma: number;
  readonly coef0: number;
  readonly degree: number;
  readonly dims: number;
  readonly supportVectorCount: number;
  /** Of decision values whose positive side is fake. */
  readonly rho: number;
  supportVectors(): Float64Array;
  coefficients(): Float64Array;
  /** threads: 0 = all cores */
  decisionValues(x: Float64Array | Float32Array, rows: number, exact: boolean, threads: number): Promise<Float64Array>;
  /** threads: 0 = all cores */
  probabilities(x: Float64Array | Float32Array, rows: number, threads: number): Promise<Float64Array>;
  save(path: string): Promise<void>;
}
