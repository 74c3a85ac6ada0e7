//! Actions that the audit trail records.

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// An execution was deleted.
    Delete,
    /// An execution was pinned, or its pin was replaced.
    Pin,
    /// A pin was removed.
    Unpin,
    /// An execution was imported.
    Import,
    /// Values of an execution were redacted.
    Redact,
    /// A cleanup began.
    Cleanup,
    /// A cleanup ended.
    CleanupEnded,
    /// A run was launched.
    Launch,
    /// A run was replayed.
    Replay,
    /// A run was canceled.
    Cancel,
    /// A token was created.
    CreateToken,
    /// A token was revoked.
    RevokeToken,
    /// A schedule was created.
    CreateSchedule,
    /// A schedule was changed.
    ChangeSchedule,
    /// A schedule was deleted.
    DeleteSchedule,
    /// A schedule was paused.
    PauseSchedule,
    /// A schedule was resumed.
    ResumeSchedule,
    /// A schedule was run by hand.
    RunSchedule,
    /// A schedule started no run at one of its times, for another reason than at the time before.
    SkipSchedule,
    /// The oldest entries of the trail were removed, as configured.
    TrimAudit,
    /// A notification target was created or changed.
    SetTarget,
    /// A notification target was removed.
    RemoveTarget,
    /// A notification target got a new signing secret.
    RotateTarget,
    /// A notification target was switched off, because it failed for too long.
    SwitchOffTarget,
    /// Messages to a target were given up.
    GiveUpDelivery,
    /// An example was sent to a notification target.
    TestTarget,
    /// A message to a target was sent again.
    Redeliver,
    /// An execution was viewed.
    View,
    /// Part of the history was exported.
    Export,
    /// A report schedule was created or changed.
    SaveReportSchedule,
    /// A report schedule was deleted.
    DeleteReportSchedule,
    /// A report was made for a schedule.
    MakeReport,
    /// A request was refused, because the actor was unknown or lacked permission.
    Refused,
}

impl Action {
    /// Every action.
    pub const ALL: [Action; 33] = [
        Action::Delete,
        Action::Pin,
        Action::Unpin,
        Action::Import,
        Action::Redact,
        Action::Cleanup,
        Action::CleanupEnded,
        Action::Launch,
        Action::Replay,
        Action::Cancel,
        Action::CreateToken,
        Action::RevokeToken,
        Action::CreateSchedule,
        Action::ChangeSchedule,
        Action::DeleteSchedule,
        Action::PauseSchedule,
        Action::ResumeSchedule,
        Action::RunSchedule,
        Action::SkipSchedule,
        Action::TrimAudit,
        Action::SetTarget,
        Action::RemoveTarget,
        Action::RotateTarget,
        Action::SwitchOffTarget,
        Action::GiveUpDelivery,
        Action::TestTarget,
        Action::Redeliver,
        Action::View,
        Action::Export,
        Action::SaveReportSchedule,
        Action::DeleteReportSchedule,
        Action::MakeReport,
        Action::Refused,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Delete => "delete",
            Action::Pin => "pin",
            Action::Unpin => "unpin",
            Action::Import => "import",
            Action::Redact => "redact",
            Action::Cleanup => "cleanup",
            Action::CleanupEnded => "cleanup_ended",
            Action::Launch => "launch",
            Action::Replay => "replay",
            Action::Cancel => "cancel",
            Action::CreateToken => "create_token",
            Action::RevokeToken => "revoke_token",
            Action::CreateSchedule => "create_schedule",
            Action::ChangeSchedule => "change_schedule",
            Action::DeleteSchedule => "delete_schedule",
            Action::PauseSchedule => "pause_schedule",
            Action::ResumeSchedule => "resume_schedule",
            Action::RunSchedule => "run_schedule",
            Action::SkipSchedule => "skip_schedule",
            Action::TrimAudit => "trim_audit",
            Action::SetTarget => "set_target",
            Action::RemoveTarget => "remove_target",
            Action::RotateTarget => "rotate_target",
            Action::SwitchOffTarget => "switch_off_target",
            Action::GiveUpDelivery => "give_up_delivery",
            Action::TestTarget => "test_target",
            Action::Redeliver => "redeliver",
            Action::View => "view",
            Action::Export => "export",
            Action::SaveReportSchedule => "save_report_schedule",
            Action::DeleteReportSchedule => "delete_report_schedule",
            Action::MakeReport => "make_report",
            Action::Refused => "refused",
        }
    }
}
