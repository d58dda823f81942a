//! Kinds: what the pipeline does with each kind of thing that a host captures.
//!
//! A kind is a row in the table of [`Kind::properties`], and nothing in [`super::steps`] asks for a kind by its name.
//! Entry point: [`Kind`].

use super::hooks::Hook;
use crate::client::options::Options;
use crate::protocol::category::Category;
use crate::protocol::envelope::ItemKind;

/// What was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) enum Kind {
    /// An event that the host built.
    Event,
    /// A text.
    Message,
    /// A file about a crash, attached to a fatal event.
    Minidump,
    /// What a user wrote.
    Feedback,
    /// The older form of feedback.
    UserReport,
    /// A transaction with its spans.
    Transaction,
    /// A sign of life of a scheduled job.
    CheckIn,
    /// Log entries.
    Log,
    /// Metrics.
    Metric,
}

/// What captures of a kind mean to the running session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionEffect {
    /// Nothing.
    None,
    /// They carry the news of the session, and are none themselves (SES-6).
    Carries,
    /// Those of level error or above count as errors.
    Counts,
    /// Both.
    CountsAndCarries,
}

impl SessionEffect {
    /// Captures of level error or above are errors of the session.
    pub(super) const fn counts(self) -> bool {
        matches!(self, Self::Counts | Self::CountsAndCarries)
    }

    /// The session may travel along.
    pub(super) const fn carries(self) -> bool {
        matches!(self, Self::Carries | Self::CountsAndCarries)
    }
}

/// A row of the table.
#[derive(Debug)]
pub(super) struct Properties {
    /// Its item in the envelope, which says the category that limits and counts it.
    pub(super) item: ItemKind,
    /// `sample_rate` applies (PIPE-5).
    pub(super) is_sampled: bool,
    /// `ignore_errors` applies.
    pub(super) can_be_ignored: bool,
    /// The attachments of the scopes go along.
    pub(super) has_attachments: bool,
    /// What it means to the session.
    pub(super) session: SessionEffect,
}

impl Kind {
    /// The table.
    pub(super) const fn properties(self) -> Properties {
        use SessionEffect::{Carries, Counts, CountsAndCarries, None};
        // item, sampled, can be ignored, attachments, session
        let (item, is_sampled, can_be_ignored, has_attachments, session) = match self {
            Self::Event => (ItemKind::Event, true, true, true, CountsAndCarries),
            Self::Message => (ItemKind::Event, true, true, true, Carries),
            Self::Minidump => (ItemKind::Event, false, true, true, Counts),
            Self::Feedback => (ItemKind::Feedback, false, false, true, None),
            Self::UserReport => (ItemKind::UserReport, false, false, false, None),
            Self::Transaction => (ItemKind::Transaction, false, false, false, None),
            Self::CheckIn => (ItemKind::CheckIn, false, false, false, None),
            Self::Log => (ItemKind::Log, false, false, false, None),
            Self::Metric => (ItemKind::TraceMetric, false, false, false, None),
        };
        Properties {
            item,
            is_sampled,
            can_be_ignored,
            has_attachments,
            session,
        }
    }

    /// The host's function that sees it, if one is set (PIPE-4).
    pub(super) fn hook(self, options: &Options) -> Option<Hook<'_>> {
        let (name, hook) = match self {
            Self::Event | Self::Message | Self::Minidump => ("before_send", &options.before_send),
            Self::Transaction => ("before_transaction", &options.before_transaction),
            Self::Log => ("before_send_log", &options.before_send_log),
            Self::Metric => ("before_send_metric", &options.before_send_metric),
            Self::Feedback => {
                let hook = options.before_send_feedback.as_deref();
                return hook.map(Hook::Feedback);
            }
            Self::UserReport | Self::CheckIn => return None,
        };
        Some(Hook::Value(name, hook.as_deref()?))
    }

    /// The category that limits and counts it.
    pub(super) fn category(self) -> Category {
        self.properties().item.category()
    }
}
