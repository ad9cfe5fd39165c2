/**
 * unreel decides whether a video is real or a deepfake, inside your own Node process.
 *
 * @packageDocumentation
 */
export type { Calibration, ChosenOn, NoCalibration } from "./calibration/calibration.js";
export type { OperatingPoint } from "./calibration/operating-points.js";
export type { Reliability, ReliabilityBin } from "./calibration/reliability.js";
export type { OmittedThreshold, Threshold, ThresholdRule } from "./calibration/thresholds.js";
export { type ClipOptions, type ClipWriter, createClip } from "./clip-writer.js";
export {
  type Dataset,
  type DatasetKind,
  type DatasetVideo,
  datasetKinds,
  detectDataset,
  loadDataset,
  loadManifest,
} from "./datasets/index.js";
export {
  type AbstentionReason,
  type Detector,
  type FrameScore,
  type LoadDetectorOptions,
  loadDetector,
  type ScanManyOptions,
  type ScanOptions,
  type ScanResult,
  type Segment,
  type Verdict,
} from "./detector.js";
export type { DetectorDescription } from "./detector-folder.js";
export { type Diagnosis, diagnose, type Finding } from "./doctor.js";
export type {
  EmbedOptions,
  EmbedResult,
  Encoder,
  EncoderInfo,
  EncoderPart,
  StageTimings,
  VideoEmbeddings,
} from "./encoder.js";
export { type LoadEncoderOptions, loadEncoder } from "./encoder-loading.js";
export { type ErrorCategory, type ErrorCode, errorCodes } from "./error-codes.js";
export {
  type CodedError,
  type ErrorDetails,
  isCodedError,
  UnreelError,
  UnreelRangeError,
  UnreelTypeError,
} from "./errors.js";
export { type CalibrateDetectorOptions, calibrateDetector } from "./evaluation/calibrate-detector.js";
export { type EvaluateOptions, evaluate, type Report } from "./evaluation/evaluate.js";
export { type EvaluateDetectorOptions, evaluateDetector } from "./evaluation/evaluate-detector.js";
export type { Prediction } from "./evaluation/prediction.js";
export { readPredictions } from "./evaluation/predictions.js";
export { writeReport } from "./evaluation/report-folder.js";
export { type ExtractOptions, type ExtractSummary, extractFeatures } from "./features/extract.js";
export {
  createOrOpenStore,
  type FeatureStore,
  type FeatureTable,
  openStore,
  type TrainingTable,
  type VectorFile,
} from "./features/store.js";
export type { Fingerprint } from "./fingerprint.js";
export {
  type DownloadProgress,
  type ListedModel,
  listModels,
  type MadeModel,
  type MakeModelOptions,
  makeModel,
  modelNames,
  type PulledModel,
  type PullOptions,
  pullModel,
  type QuantizedModel,
  type QuantizeOptions,
  type QuantizeProgress,
  quantizeModel,
  type VerifiedModel,
  verifyModels,
} from "./models/index.js";
export { type PreprocessOptions, preprocess } from "./preprocess.js";
export { type PreprocessingOptions, type PreprocessingVariant, preprocessingVariants } from "./preprocessing.js";
export type { HttpOptions } from "./sources/http-options.js";
export type { VideoSource } from "./sources/video-source.js";
export { type SynthesizeOptions, type SynthSummary, synthesize } from "./synth/index.js";
export {
  type CrossValidatedPoint,
  type CrossValidateSvmOptions,
  crossValidateSvm,
} from "./training/cross-validation.js";
export {
  type DetectorSvmOptions,
  type DetectorSvmProgress,
  type TrainedSvm,
  trainDetectorSvm,
} from "./training/detector-svm.js";
export { type DetectorHeadOptions, type DetectorSettings, trainDetectorHead } from "./training/detector-training.js";
export { type HeadMetadata, ProjectionHead } from "./training/head.js";
export type { HeadLayer } from "./training/head-layers.js";
export type { RecordedEpoch, TrainingHistory } from "./training/history.js";
export {
  type AlignUniformSettings,
  type ContrastiveLoss,
  type ContrastiveLossOptions,
  contrastiveLoss,
  type LossName,
  type LossSettings,
  type LossTermSettings,
  lossNames,
  type MarginSettings,
  type SingleCentreSettings,
  type SupconSettings,
  type TripletSettings,
} from "./training/loss.js";
export { Svm, trainSvm } from "./training/svm.js";
export { type ReadSvmDataOptions, readSvmData, type SvmData, writeSvmData } from "./training/svm-data.js";
export type { GridPoint, SvmGrid } from "./training/svm-grid.js";
export type { SvmFormulation, SvmKernel, SvmOptions, TrainSvmOptions } from "./training/svm-options.js";
export type { SvmSearchOptions } from "./training/svm-search.js";
export {
  type EpochReport,
  type HeadOrigin,
  type HeadTrainingSettings,
  type TrainHeadOptions,
  TrainingError,
  type TrainingRows,
  trainHead,
} from "./training/train-head.js";
export {
  type Frame,
  type Limits,
  type OpenVideoOptions,
  openVideo,
  type SampleOptions,
  type Video,
  type VideoInfo,
  type VideoStats,
} from "./video.js";
