//! Writes the documents of reports to folders. A delivery that is made twice leaves the same files.

use std::path::{Path, PathBuf};

use tokio::io::AsyncWriteExt as _;

use super::{ReportDocument, Reports, ReportsError, documents};
use crate::history::HistoryError;
use crate::model::{DeliveryState, ReportDelivery, ReportDestination, ReportRow, time_from_us};
use crate::store::StoreError;
use crate::work::Turn;

/// A delivery is given up after this many attempts: about a day.
const ATTEMPTS: u32 = 30;

/// The wait after the first failure, and the longest, in microseconds.
const FIRST_WAIT_US: i64 = 60_000_000;
const LONGEST_WAIT_US: i64 = 3_600_000_000;

/// Maximum number of reports whose deliveries are processed together.
pub(super) const DELIVERIES: u32 = 100;

impl Reports {
    /// Writes the files that are due; returns how many deliveries were tried.
    pub(super) async fn write_pending(&self, turn: &Turn) -> Result<usize, StoreError> {
        let inner = &*self.0;
        let mut tried = 0;
        for mut row in inner.store.pending_reports(DELIVERIES).await? {
            let now_us = inner.clock.now_us();
            let is_due =
                |delivery: &ReportDelivery| due_us(delivery).is_some_and(|us| us <= now_us);
            if !row.deliveries.iter().any(is_due) {
                continue;
            }
            if turn.stop().is_cancelled() {
                break;
            }
            let made = match self.documents(&row).await {
                Ok(documents) => Ok(documents),
                Err(ReportsError::History(HistoryError::Store(error))) => return Err(error),
                Err(error) => Err(error.to_string()),
            };
            let mut deliveries = std::mem::take(&mut row.deliveries);
            let folder = inner.config.folder.as_deref();
            for delivery in deliveries.iter_mut().filter(|delivery| is_due(delivery)) {
                deliver(delivery, &row.schedule, &made, folder, now_us).await;
                let outcome = match delivery.state {
                    DeliveryState::Delivered => "delivered",
                    DeliveryState::Pending => "failed",
                    DeliveryState::Failed => "given_up",
                };
                metrics::counter!("playback_report_deliveries_total", "outcome" => outcome)
                    .increment(1);
                tried += 1;
            }
            inner
                .store
                .set_report_deliveries(row.id, &deliveries)
                .await?;
        }
        Ok(tried)
    }

    /// The documents of a report, from the history as it is now.
    async fn documents(&self, row: &ReportRow) -> Result<Vec<ReportDocument>, ReportsError> {
        let report = self.again(row).await?;
        Ok(documents(row, &report).map_err(HistoryError::from)?)
    }
}

/// When a delivery is to be tried, in microseconds since the epoch; none if it is over.
pub(super) fn due_us(delivery: &ReportDelivery) -> Option<i64> {
    if delivery.state != DeliveryState::Pending {
        return None;
    }
    let Some(time) = delivery.time else {
        return Some(i64::MIN);
    };
    let doublings = delivery.attempts.saturating_sub(1).min(20);
    let wait_us = FIRST_WAIT_US
        .saturating_mul(1 << doublings)
        .min(LONGEST_WAIT_US);
    Some(time.timestamp_micros().saturating_add(wait_us))
}

/// Tries a delivery, and notes how it went. `made` has the documents, or says why they cannot be made.
async fn deliver(
    delivery: &mut ReportDelivery,
    schedule: &str,
    made: &Result<Vec<ReportDocument>, String>,
    folder: Option<&Path>,
    now_us: i64,
) {
    // What goes to targets is in the log of notifications.
    let ReportDestination::Folder { name } = &delivery.destination else {
        return;
    };
    let done = match made {
        Ok(documents) => write_files(documents, folder, name).await,
        Err(problem) => Err(problem.clone()),
    };
    delivery.time = Some(time_from_us(now_us));
    delivery.attempts += 1;
    match done {
        Ok(()) => {
            delivery.state = DeliveryState::Delivered;
            delivery.error = None;
        }
        Err(error) => {
            let (destination, attempts) = (delivery.destination.shown(), delivery.attempts);
            tracing::warn!(schedule, destination, attempts, %error, "a report was not written");
            if delivery.attempts >= ATTEMPTS {
                delivery.state = DeliveryState::Failed;
            }
            delivery.error = Some(error);
        }
    }
}

/// Writes a file for each document.
async fn write_files(
    documents: &[ReportDocument],
    folder: Option<&Path>,
    name: &str,
) -> Result<(), String> {
    let Some(folder) = folder else {
        return Err("this collector has no folder in [reports] of its configuration".to_owned());
    };
    let folder: PathBuf = folder.join(name);
    let problem = |error: std::io::Error| format!("{}: {error}", folder.display());
    tokio::fs::create_dir_all(&folder).await.map_err(problem)?;
    for document in documents {
        let written = write(&folder, &document.file, document.text.as_bytes()).await;
        written.map_err(|error| format!("{}: {error}", folder.join(&document.file).display()))?;
    }
    Ok(())
}

/// Writes a file that is there with all of its content, or not at all.
async fn write(folder: &Path, name: &str, content: &[u8]) -> std::io::Result<()> {
    let part = folder.join(format!(".{name}.part"));
    let mut file = tokio::fs::File::create(&part).await?;
    file.write_all(content).await?;
    file.sync_all().await?;
    drop(file);
    tokio::fs::rename(&part, folder.join(name)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ReportFormat;

    fn to_folder() -> ReportDelivery {
        let name = "ops".to_owned();
        ReportDelivery::pending(ReportDestination::Folder { name })
    }

    #[tokio::test]
    async fn files_are_there_as_a_whole_also_the_second_time() {
        let folder = tempfile::tempdir().unwrap();
        let made = Ok(vec![ReportDocument {
            format: ReportFormat::Html,
            file: "weekly.html".to_owned(),
            text: "<p>".to_owned(),
        }]);
        for _ in 0..2 {
            let mut delivery = to_folder();
            deliver(&mut delivery, "weekly", &made, Some(folder.path()), 5).await;
            assert_eq!(
                (delivery.state, delivery.attempts),
                (DeliveryState::Delivered, 1)
            );
        }
        let file = folder.path().join("ops/weekly.html");
        assert_eq!(std::fs::read_to_string(file).unwrap(), "<p>");
        let files = std::fs::read_dir(folder.path().join("ops")).unwrap();
        assert_eq!(files.count(), 1);
    }

    #[tokio::test]
    async fn a_delivery_that_fails_is_tried_again_later_and_given_up_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        // A file stands where the folder should be.
        std::fs::write(folder.path().join("ops"), "").unwrap();
        let made = Ok(Vec::new());
        let mut delivery = to_folder();
        assert_eq!(due_us(&delivery), Some(i64::MIN));
        deliver(&mut delivery, "weekly", &made, Some(folder.path()), 0).await;
        assert_eq!(due_us(&delivery), Some(FIRST_WAIT_US));
        assert!(
            delivery.error.as_ref().unwrap().contains("ops"),
            "{delivery:?}"
        );
        deliver(&mut delivery, "weekly", &made, None, 0).await;
        assert_eq!(due_us(&delivery), Some(2 * FIRST_WAIT_US));
        let made = Err("q: column 1".to_owned());
        for _ in 2..ATTEMPTS {
            assert_eq!(delivery.state, DeliveryState::Pending);
            deliver(&mut delivery, "weekly", &made, None, 0).await;
        }
        assert_eq!(delivery.error.as_deref(), Some("q: column 1"));
        assert_eq!(
            (delivery.state, due_us(&delivery)),
            (DeliveryState::Failed, None)
        );
    }
}
