// The HTTP API and its two doors.

export { adminApp, publicApp } from './app.ts';
export {
  type CallAsked,
  type Desk,
  type DeskStatus,
  type LegalHoldShown,
  type OrderAnswer,
  type Proved,
  type Survey,
  showVerdict,
  type VerdictShown,
} from './port.ts';
export { RemoteError, remoteDesk, remoteStatus } from './remote.ts';
