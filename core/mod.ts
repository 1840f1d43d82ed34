/**
 * The core: everything that is MSRP, pure. No I/O, no clock, no runtime: bytes, values and time go in and come out.
 * Plugins import this and nothing else of the toolkit.
 */
export { RelayedClient } from "./client/client.ts";
export type { Incoming } from "./client/incoming.ts";
export type {
  BindOptions,
  ClientOptions,
  ClientSendOptions,
  ClientSent,
  ClientSessionOptions,
  ClientSessionState,
  ClientState,
  ReconnectOptions,
} from "./client/options.ts";
export { type PeerDescription, readDescription, writeDescription } from "./client/sdp.ts";
export type { ClientSession } from "./client/session.ts";
export { Connection } from "./connection/connection.ts";
export type { ConnectionEvent } from "./connection/event.ts";
export type { OutgoingMessage } from "./connection/message.ts";
export type { ConnectionOptions } from "./connection/options.ts";
export type { ControlRequest, Transaction, TransactionOwner } from "./connection/transaction.ts";
export {
  ConnectionError,
  DeliveryError,
  LocalProtocolError,
  MsrpError,
  RemoteProtocolError,
} from "./errors.ts";
export type {
  ChunkContext,
  ConnectContext,
  ConnectionHandle,
  Context,
  MessageContext,
  OutgoingContent,
  OutgoingContext,
  RequestContext,
  UpgradeContext,
} from "./node/context.ts";
export type { ControlLink } from "./node/control_link.ts";
export type {
  ForwardedSession,
  Forwarder,
  ForwardHop,
  ForwardHost,
  ForwardLink,
} from "./node/forwarding.ts";
export { InboxAssembler } from "./node/inbox_assembler.ts";
export type { ConnectionMemory, NodeMemory, SessionMemory } from "./node/memory.ts";
export { SessionNegotiator } from "./node/negotiator.ts";
export type {
  NegotiatedStream,
  NegotiationOutcome,
  NegotiatorAdapter,
  NegotiatorListener,
  OfferOutcome,
  SessionAnswerOptions,
  SessionNegotiatorOptions,
} from "./node/negotiator_options.ts";
export { Msrp, type SessionHandler } from "./node/node.ts";
export type {
  ConnectOptions,
  ExpectOptions,
  LinkOptions,
  MsrpOptions,
  ReleaseOptions,
  UnknownSession,
} from "./node/options.ts";
export {
  type Assembler,
  compose,
  type DeliverMessage,
  definePlugin,
  type Hooks,
  type Middleware,
  type Next,
  type Plugin,
  type PluginHost,
  type Reporter,
  type SuccessReport,
} from "./node/plugin.ts";
export type { PathMatching } from "./node/registry.ts";
export type { TapEvents, TapName, Taps } from "./node/tap.ts";
export type {
  Accept,
  Clock,
  Connector,
  ConnectorOptions,
  ConnectTarget,
  Fingerprint,
  PeerCertificate,
  TlsOptions,
  Transport,
  TransportSink,
} from "./node/transport.ts";
export {
  type HandshakeUser,
  handshakeUser,
  type UpgradeRequest,
  type UpgradeResult,
} from "./node/upgrade.ts";
export { type HeaderFields, type MaybeVerdict, Verdict } from "./node/verdict.ts";
export { when } from "./node/when.ts";
export type { AuthFailure, AuthOutcome, AuthRefusal, AuthSuccess } from "./relay/auth_outcome.ts";
export { Authenticator, type AuthenticatorOptions, type AuthRequest } from "./relay/authenticator.ts";
export {
  connectThroughRelay,
  RelayClient,
  type RelayConnectOptions,
  type RelayExpectOptions,
} from "./relay/client.ts";
export {
  AuthExchange,
  ClientAuth,
  type ClientAuthOptions,
  type ClientCredentials,
  type RelayChannel,
} from "./relay/client_auth.ts";
export type { PathRenewal, RelayClientOptions, RenewalProblem } from "./relay/client_options.ts";
export type { RelayPath } from "./relay/client_path.ts";
export {
  type Credentials,
  type Ha1,
  hashPassword,
  isHa1,
  type MaybePromise,
  StaticCredentials,
  storedAlgorithms,
  type UserCredentials,
} from "./relay/credentials.ts";
export { DialPolicy, type DialPolicyOptions } from "./relay/dial_policy.ts";
export { isStaleChallenge } from "./relay/digest_challenge.ts";
export {
  type DigestAlgorithm,
  type DigestHashes,
  digestAlgorithms,
  portableHashes,
} from "./relay/digest_hash.ts";
export { type HandshakeDigestOptions, handshakeDigest } from "./relay/handshake_digest.ts";
export type { RelayLimits } from "./relay/limits.ts";
export type { NonceOptions } from "./relay/nonces.ts";
export type { RelayOptions } from "./relay/options.ts";
export { type RelayPlugin, relay } from "./relay/relay.ts";
export type { RelayCounter } from "./relay/relay_core.ts";
export { relayUser } from "./relay/user_account.ts";
export * from "./sdp/mod.ts";
export { Inbox } from "./session/inbox.ts";
export { InboxBudget } from "./session/inbox_budget.ts";
export type { InboxOptions, MessageSink, MessageStart, Reception } from "./session/inbox_options.ts";
export type { InboxResult, IncompleteMessage, MessageFailure } from "./session/inbox_result.ts";
export { defineKey, type Key, type KeyedValues } from "./session/key.ts";
export { Message, type MessageMode } from "./session/message.ts";
export { exactRange, type ReportPer, SuccessReporter } from "./session/reporter.ts";
export type { BodyContent, OpenFile, SendContent, SendOptions, Sent } from "./session/sent.ts";
export { Session } from "./session/session.ts";
export type { MessageHandler } from "./session/session_core.ts";
export type {
  ContentDirection,
  RequestOptions,
  RequestResult,
  Role,
  SessionSettings,
  SessionState,
  SessionUpdate,
} from "./session/session_options.ts";
export type { ReportFields } from "./session/session_report.ts";
export { AcceptTypes } from "./session/session_types.ts";
export { type ByteRange, formatByteRange, parseByteRange } from "./wire/byte_range.ts";
export { Decoder } from "./wire/decoder.ts";
export type { DecoderOptions } from "./wire/decoder_options.ts";
export {
  encodeRequest,
  encodeResponse,
  FrameWriter,
  type OutgoingRequest,
  type OutgoingResponse,
} from "./wire/encoder.ts";
export type { FailureReport, Flag, Frame, RequestFrame, ResponseFrame } from "./wire/frame.ts";
export type { HeaderList } from "./wire/header_list.ts";
export { createMessageId, createSessionId, createTransactionId } from "./wire/ident.ts";
export { type MediaType, parseMediaType } from "./wire/media_type.ts";
export { releaseBuffer, spareRoom, takeBuffer } from "./wire/output_buffers.ts";
export { defaultComment, formatStatus, parseStatus, type StatusHeader } from "./wire/status.ts";
export { MsrpUri, type MsrpUriParts } from "./wire/uri.ts";
