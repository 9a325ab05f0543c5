/** Every bound of Flag Mesh, in one place, its unit in its name. Raising one is a decision: tests stand at and over each. */
export const limits = {
  /** All files of one push together, as sent. */
  documentBytesMax: 8 * 1024 * 1024,
  filesPerDocumentMax: 5_000,
  entriesPerMeshMax: 10_000,
  variantsPerFlagMax: 100,
  stepsPerRolloutMax: 100,
  prerequisitesPerFlagMax: 32,
  prerequisiteDepthMax: 32,
  /** Evaluations that one flag's prerequisites lead to, those of their prerequisites included. */
  prerequisiteEvaluationsMax: 1_000,
  targetingDepthMax: 64,
  targetingNodesMax: 1_000,
  /** List items that one evaluation of a rule may visit, in all its loops together. */
  targetingItemsMax: 65_536,
  /** A text that a rule puts together. */
  targetingTextCharsMax: 65_536,
  endpointsPerBackendMax: 64,
  endpointWeightMax: 1_000,
  concurrentPerBackendMax: 100_000,
  healthIntervalMsMin: 1_000,
  healthIntervalMsMax: 3_600_000,
  healthTimeoutMsMin: 10,
  healthCountMax: 100,
  routesPerMeshMax: 1_000,
  methodsPerRouteMax: 16,
  identitySourcesMax: 8,
  keyCharsMax: 256,
  /** Upstash takes 10 MB a request; what carries a snapshot must fit with its envelope. */
  snapshotBytesMax: 8 * 1024 * 1024,
  lockBytesMax: 8 * 1024 * 1024,
  overlayFlagsMax: 1_000,
  overlayBytesMax: 256 * 1024,
  messageBytesMax: 1024,
  contextBytesMax: 64 * 1024,
  /** Its length takes 16 bits in an entry bundle of C2SP tlog-tiles. */
  statementBytesMax: 64 * 1024 - 1,
  noteBytesMax: 16 * 1024,
  noteSignaturesMax: 32,
  /** An origin has at most 381 characters, the key that renews its freshness 10 more. */
  keyNameCharsMax: 512,
  renewalBytesMax: 2 * 1024,
  /** Head = checkpoint note + statement + proof + overlay + detail. */
  headBytesMax: 512 * 1024,
  policySignaturesMax: 128,
  /** Policies between the one that is known and the newest. */
  policiesWalkedMax: 32,
  policyBytesMax: 64 * 1024,
  catchUpPageBytesMax: 1024 * 1024,
  /** Releases that an edge catches up with; each costs it two hashes and 48 bytes read. */
  catchUpLeavesMax: 100_000,
  /** The proof of one entry, as a file. */
  proofBytesMax: 16 * 1024 * 1024,
  policiesPerProofMax: 64,
  /** Releases that one audit reads. */
  auditedReleasesMax: 1_000_000,
  approversMax: 64,
  fileNameCharsMax: 512,
  yamlDepthMax: 128,
  /** Lexical tokens of all files together, about four a line: what bounds the time of reading them. */
  yamlTokensMax: 2_000_000,
  yamlAliasesMax: 100,
  /** Values that a file's aliases stand for together: an alias of aliases multiplies. */
  yamlAliasedNodesMax: 10_000,
  /** Findings reported of one document; the rest is counted. */
  findingsMax: 1_000,
  /** A freshness time further ahead than this is refused and never remembered. */
  futureSecondsMax: 60,
  /** What Upstash takes in one request, and so what the bridge takes. */
  redisRequestBytesMax: 10 * 1024 * 1024,
  /** How long the bridge waits for a Redis behind it. */
  redisReplyMsMax: 2_000,
} as const;
