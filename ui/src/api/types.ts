/** Names for the generated types of the API. A response type is never written by hand: add an alias here. */
import type { components, operations } from "./schema";

type Schemas = components["schemas"];

export type Execution = Schemas["ExecutionResult"];
/** A record of a list: hosts are counted, but not named. */
export type ListedExecution = Omit<Execution, "stats" | "unreachable" | "failed">;
export type HostsByOutcome = Schemas["HostsByOutcome"];
export type ExecutionFields = Schemas["ExecutionFields"];
export type ExecutionRecord = Schemas["ExecutionRecord"];
export type ExecutionList = Schemas["ExecutionList"];
export type RecentRun = Schemas["RecentRun"];
export type ExecutionType = Schemas["ExecutionType"];
export type Status = Schemas["Status"];
export type Phase = Schemas["Phase"];
export type Reason = Schemas["Reason"];
export type HostStats = Schemas["HostStats"];
export type Git = Schemas["Git"];
export type Pinned = Schemas["Pinned"];

export type Explanation = Schemas["Explanation"];
export type FailureGroup = Schemas["FailureGroup"];
export type FailedTask = Schemas["FailedTask"];
export type HandledFailure = Schemas["HandledFailure"];
export type Difference = Schemas["Difference"];
export type Estimate = Schemas["Estimate"];
export type RunAt = Schemas["RunAt"];

export type Play = Schemas["Play"];
export type Task = Schemas["Task"];
export type TaskList = Schemas["TaskList"];
export type Host = Schemas["Host"];
export type HostList = Schemas["HostList"];
export type TaskResult = Schemas["TaskResult"];
export type ResultList = Schemas["ResultList"];
export type ResultDetail = Schemas["ResultDetail"];
export type ResultStatus = Schemas["ResultStatus"];
export type OutputLine = Schemas["OutputLine"];
export type OutputPage = Schemas["OutputPage"];
export type LineSpan = Schemas["LineSpan"];
export type OutcomeMatrix = Schemas["OutcomeMatrix"];

export type Comparison = Schemas["Comparison"];
export type HostSummary = Schemas["HostSummary"];
export type HostSummaryList = Schemas["HostSummaryList"];
export type HostStatus = Schemas["HostStatus"];
export type HostRun = Schemas["HostRun"];
export type HostDetail = Schemas["HostDetail"];
export type HostChange = Schemas["HostChange"];
export type HostGroupsChange = Schemas["HostGroupsChange"];
export type HostFacts = Schemas["HostFacts"];
export type FactsChange = Schemas["FactsChange"];
export type FactDifference = Schemas["FactDifference"];
export type UnreadableFacts = Schemas["UnreadableFacts"];
export type Trends = Schemas["Trends"];
export type PlaybookTrend = Schemas["PlaybookTrend"];
export type TaskTrend = Schemas["TaskTrend"];
export type HostTrend = Schemas["HostTrend"];
export type DurationTrend = Schemas["DurationTrend"];
export type DurationChange = Schemas["DurationChange"];
export type Turns = Schemas["Turns"];
export type Statistics = Schemas["Statistics"];
export type Interval = Schemas["Interval"];
export type SearchPage = Schemas["SearchPage"];
export type SearchHit = Schemas["SearchHit"];
export type AuditItem = Schemas["AuditItem"];
export type AuditVerdict = Schemas["AuditVerdict"];
export type NotificationTarget = Schemas["NotificationTarget"];
export type TargetSettings = Schemas["TargetSettings"];
export type TargetKind = Schemas["TargetKind"];
export type NotificationRule = Schemas["NotificationRule"];
export type Trigger = Schemas["Trigger"];
export type QuietHours = Schemas["QuietHours"];
export type Weekday = Schemas["Weekday"];
export type MailSecurity = Schemas["MailSecurity"];
export type NotificationDelivery = Schemas["NotificationDelivery"];
export type NotificationDeliveryDetail = Schemas["NotificationDeliveryDetail"];
export type DeliveryState = Schemas["DeliveryState"];
export type Schedule = Schemas["Schedule"];
export type ScheduleRequest = Schemas["ScheduleRequest"];
export type ScheduledRun = Schemas["ScheduledRun"];
export type ScheduleTime = Schemas["ScheduleTime"];
export type ScheduleOutcome = Schemas["ScheduleOutcome"];
export type Overlap = Schemas["Overlap"];
export type MissedTimes = Schemas["MissedTimes"];
export type NamedFile = Schemas["NamedFile"];

export type Identity = Schemas["Identity"];
export type Scope = Schemas["Scope"];
export type Token = Schemas["Token"];
export type TokenRequest = Schemas["TokenRequest"];
export type CreatedToken = Schemas["CreatedToken"];
export type FeedMessage = Schemas["FeedMessage"];
export type ErrorBody = Schemas["ErrorBody"];
export type RedactRequest = Schemas["RedactRequest"];
export type ReplayRequest = Schemas["ReplayRequest"];
export type PlaybookRequest = Schemas["PlaybookRequest"];
export type AdhocRequest = Schemas["AdhocRequest"];
export type CleanupRequest = Schemas["CleanupRequest"];
export type CleanupAnswer = Schemas["CleanupAnswer"];

/** The parameters of an operation's query: `QueryOf<"list_executions">`. */
export type QueryOf<Name extends keyof operations> = NonNullable<operations[Name]["parameters"]["query"]>;
