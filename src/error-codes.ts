// Made by scripts/gen-errors.mjs from native/base/errors.def. Codes are public API: append only.

/** Every code that an {@link UnreelError} can carry, with its category and whether the same call may succeed later. */
export const errorCodes = {
  /** An argument has the wrong type or lies outside its range. */
  ERR_UNREEL_INVALID_ARGUMENT: { category: "argument", retryable: false },
  /** The object was closed before the call. */
  ERR_UNREEL_DISPOSED: { category: "argument", retryable: false },
  /** The caller's AbortSignal fired, or the iterator was closed. */
  ERR_UNREEL_ABORTED: { category: "abort", retryable: false },
  /** The native addon is not where it should be or cannot be loaded. */
  ERR_UNREEL_BINARY_NOT_FOUND: { category: "load", retryable: false },
  /** libonnxruntime is missing or cannot be loaded. */
  ERR_UNREEL_ONNXRUNTIME_NOT_FOUND: { category: "load", retryable: false },
  /** libonnxruntime is too old for the API that unreel asks for. */
  ERR_UNREEL_ONNXRUNTIME_VERSION: { category: "load", retryable: false },
  /** There is no such file or folder. */
  ERR_UNREEL_NOT_FOUND: { category: "input", retryable: false },
  /** A file was expected and a folder was given. */
  ERR_UNREEL_IS_A_DIRECTORY: { category: "input", retryable: false },
  /** The file exists but may not be read. */
  ERR_UNREEL_NOT_READABLE: { category: "input", retryable: false },
  /** The file has no bytes. */
  ERR_UNREEL_EMPTY_FILE: { category: "input", retryable: false },
  /** Reading or writing failed below unreel. */
  ERR_UNREEL_IO: { category: "input", retryable: true },
  /** No demuxer recognises the bytes. */
  ERR_UNREEL_NOT_MEDIA: { category: "media", retryable: false },
  /** The container holds no video stream. */
  ERR_UNREEL_NO_VIDEO: { category: "media", retryable: false },
  /** The stream's codec or pixel format is not in this build. */
  ERR_UNREEL_CODEC_UNSUPPORTED: { category: "media", retryable: false },
  /** The stream is damaged where a wanted frame lies. */
  ERR_UNREEL_CORRUPT: { category: "media", retryable: false },
  /** The file ends before its own headers say so. */
  ERR_UNREEL_TRUNCATED: { category: "media", retryable: false },
  /** Not one frame could be decoded. */
  ERR_UNREEL_NO_FRAMES: { category: "media", retryable: false },
  /** The input is larger than a limit; details name the limit. */
  ERR_UNREEL_LIMIT_EXCEEDED: { category: "media", retryable: false },
  /** A video could not be written. */
  ERR_UNREEL_WRITE_FAILED: { category: "media", retryable: false },
  /** There is no model of that name or at that path. */
  ERR_UNREEL_MODEL_NOT_FOUND: { category: "model", retryable: false },
  /** The file is not an ONNX model that ONNX Runtime can load. */
  ERR_UNREEL_MODEL_INVALID: { category: "model", retryable: false },
  /** The ONNX model is not an image encoder: its inputs or outputs are of another kind. */
  ERR_UNREEL_MODEL_CONTRACT: { category: "model", retryable: false },
  /** A preprocessor_config.json asks for what unreel does not do; details name the field. */
  ERR_UNREEL_PREPROCESSING_UNSUPPORTED: { category: "model", retryable: false },
  /** The projection head's file is damaged or of another shape. */
  ERR_UNREEL_HEAD_INVALID: { category: "model", retryable: false },
  /** The SVM's file is damaged or of a kind that unreel does not score. */
  ERR_UNREEL_SVM_INVALID: { category: "model", retryable: false },
  /** A detector folder lacks a file, or a file in it is damaged. */
  ERR_UNREEL_DETECTOR_INVALID: { category: "model", retryable: false },
  /** Two things that must share encoder, preprocessing and sampling do not. */
  ERR_UNREEL_FINGERPRINT_MISMATCH: { category: "model", retryable: false },
  /** The device that was asked for cannot be used. */
  ERR_UNREEL_DEVICE_UNAVAILABLE: { category: "device", retryable: false },
  /** ONNX Runtime failed while it ran the model. */
  ERR_UNREEL_INFERENCE_FAILED: { category: "device", retryable: false },
  /** The folder holds no feature store. */
  ERR_UNREEL_STORE_NOT_FOUND: { category: "store", retryable: false },
  /** A committed shard is not what its commit says. */
  ERR_UNREEL_STORE_CORRUPT: { category: "store", retryable: false },
  /** Another process writes to the same shard of the store. */
  ERR_UNREEL_STORE_LOCKED: { category: "store", retryable: true },
  /** The output folder holds something that unreel did not write. */
  ERR_UNREEL_OUTPUT_EXISTS: { category: "store", retryable: false },
  /** The output cannot be created or written. */
  ERR_UNREEL_OUTPUT_NOT_WRITABLE: { category: "store", retryable: false },
  /** The dataset's folders, lists or names are not what its kind demands. */
  ERR_UNREEL_DATASET_INVALID: { category: "dataset", retryable: false },
  /** A line of a manifest or of a predictions file cannot be understood. */
  ERR_UNREEL_MANIFEST_INVALID: { category: "dataset", retryable: false },
  /** A video, source or identity stands on both sides of a split. */
  ERR_UNREEL_SPLIT_LEAK: { category: "dataset", retryable: false },
  /** The split that was asked for has no rows. */
  ERR_UNREEL_SPLIT_EMPTY: { category: "dataset", retryable: false },
  /** The footage is too short or too small for the clips that were asked for. */
  ERR_UNREEL_FOOTAGE_TOO_SMALL: { category: "dataset", retryable: false },
  /** Both classes are needed and only one is there. */
  ERR_UNREEL_ONE_CLASS: { category: "training", retryable: false },
  /** There are fewer groups than the split or the folds need. */
  ERR_UNREEL_TOO_FEW_GROUPS: { category: "training", retryable: false },
  /** A feature is NaN or infinite. */
  ERR_UNREEL_NOT_FINITE: { category: "training", retryable: false },
  /** The numbers of a training became NaN or infinite. */
  ERR_UNREEL_DIVERGED: { category: "training", retryable: false },
  /** Memory ran out. */
  ERR_UNREEL_OUT_OF_MEMORY: { category: "internal", retryable: true },
  /** A fault in unreel; please report it with the message. */
  ERR_UNREEL_INTERNAL: { category: "internal", retryable: false },
  /** A server cannot be reached, or the connection to it broke. */
  ERR_UNREEL_NETWORK: { category: "input", retryable: true },
  /** A server answered with a status that brings no bytes; details name it. */
  ERR_UNREEL_HTTP_STATUS: { category: "input", retryable: false },
  /** A server sends on to a place where unreel does not follow. */
  ERR_UNREEL_REDIRECT_REFUSED: { category: "input", retryable: false },
  /** The file changed on its server while it was read. */
  ERR_UNREEL_SOURCE_CHANGED: { category: "input", retryable: true },
  /** The stream that was given failed; its error is the cause. */
  ERR_UNREEL_SOURCE_FAILED: { category: "input", retryable: false },
  /** The stream that was given brings something that is no bytes. */
  ERR_UNREEL_SOURCE_INVALID: { category: "input", retryable: false },
  /** The stream that was given has been read already. */
  ERR_UNREEL_SOURCE_CONSUMED: { category: "input", retryable: false },
  /** The network is needed and offline mode is on. */
  ERR_UNREEL_OFFLINE: { category: "model", retryable: false },
  /** A file's bytes are not those that its SHA-256 promises. */
  ERR_UNREEL_HASH_MISMATCH: { category: "model", retryable: false },
  /** A field of a registry of models is missing or wrong. */
  ERR_UNREEL_REGISTRY_INVALID: { category: "model", retryable: false },
  /** The model to be quantised is quantised already. */
  ERR_UNREEL_MODEL_QUANTIZED: { category: "model", retryable: false },
  /** The quantised model's embeddings are too far from the model's own. */
  ERR_UNREEL_MODEL_INACCURATE: { category: "model", retryable: false },
  /** The head projects real and fake rows to one point. */
  ERR_UNREEL_COLLAPSED: { category: "training", retryable: false },
  /** A training's checkpoint is damaged. */
  ERR_UNREEL_CHECKPOINT_INVALID: { category: "training", retryable: false },
  /** The SVM's solver reached its limit of iterations or time before its optimum. */
  ERR_UNREEL_NOT_CONVERGED: { category: "training", retryable: false },
  /** There are too few real videos for the false positive rate that was asked for. */
  ERR_UNREEL_TOO_FEW_REAL: { category: "training", retryable: false },
  /** A line of a file in libsvm's sparse format cannot be understood. */
  ERR_UNREEL_SVM_DATA_INVALID: { category: "dataset", retryable: false },
} as const;

export type ErrorCode = keyof typeof errorCodes;
export type ErrorCategory = (typeof errorCodes)[ErrorCode]["category"];
