// The HTTP API and its two doors.

export { adminApp } from './app.ts';
export { openPages } from './pages/open.ts';
export type { PagesDesk } from './pages/port.ts';
export {
  type CallAsked,
  type Desk,
  type DeskStatus,
  type LegalHoldShown,
  type LookAnswer,
  type OrderAnswer,
  type Proved,
  type ReloadAnswer,
  type Survey,
  showVerdict,
  type VerdictShown,
} from './port.ts';
export { openPublic } from './public.ts';
export { RemoteError, remoteDesk, remoteStatus } from './remote.ts';
