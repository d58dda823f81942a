//! Attachments: files and bytes that travel with events (ATT-1 … ATT-6).
//!
//! Decides what an attachment is called, which are the same, and who owns one: the list it was added to. The host knows
//! it by a number that is never used again, so that a handle outlives its attachment without harm. Lists and labels are
//! changed by replacing them whole: no locks, so that captures never wait and a forked child finds none taken.
//! Entry points: [`Attachments`], [`Handles`](crate::client::handles::Handles), and [`gather`] for what becomes of them in a capture.
//! May use: `base`, `protocol`, `transport`.

use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::base::memory::{self, OutOfMemory};
use crate::client::tables;
use crate::protocol::envelope::base_name;
use crate::value::json::trim::trim_str;

pub(crate) mod gather;

/// The type of a minidump.
pub(crate) const MINIDUMP: &str = "event.minidump";
/// The type of a view hierarchy.
pub(crate) const VIEW_HIERARCHY: &str = "event.view_hierarchy";
/// Characters of a name, a type, a media type: the longest name of a file that file systems know.
const NAME_CHARS: usize = 255;

/// Where the bytes come from.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// A file, read when something is captured (ATT-3).
    File(PathBuf),
    /// Bytes that were copied once and are shared from then on.
    Bytes(Arc<[u8]>),
}

/// What the host may change at any time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Labels {
    /// Kind of attachment; none is `event.attachment`.
    pub(crate) kind: Option<Cow<'static, str>>,
    /// Media type.
    pub(crate) content_type: Option<Cow<'static, str>>,
    /// Its name on the wire, if it is not the first one.
    filename: Option<String>,
}

/// One file or some bytes.
#[derive(Debug)]
pub(crate) struct Attachment {
    id: usize,
    content: Content,
    first_name: String,
    labels: ArcSwap<Labels>,
}

impl Attachment {
    fn new(content: Content, name: &str, labels: Labels) -> Arc<Self> {
        let attachment = Arc::new(Self {
            id: tables::attachments().new_id(),
            content,
            first_name: short_name(name),
            labels: ArcSwap::from_pointee(labels),
        });
        tables::attachments().insert(attachment.id, &attachment);
        attachment
    }

    /// The bytes, or where to find them.
    pub(crate) fn content(&self) -> &Content {
        &self.content
    }

    /// Its labels at this instant.
    pub(crate) fn labels(&self) -> Arc<Labels> {
        self.labels.load_full()
    }

    /// Its name on the wire.
    pub(crate) fn filename<'a>(&'a self, labels: &'a Labels) -> &'a str {
        labels.filename.as_deref().unwrap_or(&self.first_name)
    }

    /// Sets the kind, or none. Two kinds bring their media type along.
    pub(crate) fn set_kind(&self, kind: Option<&str>) {
        self.change(|labels| {
            labels.kind = kind.and_then(label);
            let usual = match kind {
                Some(MINIDUMP) => "application/octet-stream",
                Some(VIEW_HIERARCHY) => "application/json",
                _ => return,
            };
            labels.content_type.get_or_insert(Cow::Borrowed(usual));
        });
    }

    /// Sets the media type, or none.
    pub(crate) fn set_content_type(&self, content_type: Option<&str>) {
        self.change(|labels| labels.content_type = content_type.and_then(label));
    }

    /// Sets the name on the wire; none brings the first one back.
    pub(crate) fn set_filename(&self, filename: Option<&str>) {
        let filename = filename.filter(|name| !name.is_empty()).map(short_name);
        self.change(|labels| labels.filename.clone_from(&filename));
    }

    fn change(&self, change: impl Fn(&mut Labels)) {
        self.labels.rcu(|old| {
            let mut labels = Labels::clone(old);
            change(&mut labels);
            labels
        });
    }

    fn is_same_file(&self, other: &Self) -> bool {
        match (&self.content, &other.content) {
            (Content::File(one), Content::File(two)) => {
                one == two && self.labels.load().kind == other.labels.load().kind
            }
            // Equal bytes are sent as often as they were attached.
            _ => false,
        }
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        tables::attachments().remove(self.id);
    }
}

/// A list as it was at one instant.
pub(crate) type List = Arc<Vec<Arc<Attachment>>>;

/// The attachments of one scope or hint; see the module.
#[derive(Debug, Default)]
pub(crate) struct Attachments {
    list: ArcSwap<Vec<Arc<Attachment>>>,
}

impl Attachments {
    /// What is attached now, in the order of attaching.
    pub(crate) fn list(&self) -> List {
        self.list.load_full()
    }

    /// Adds a file; the one that is there already if path and kind are the same. Returns its handle.
    pub(crate) fn add_file(&self, path: &Path, kind: Option<&str>) -> usize {
        let name = String::from_utf8_lossy(path.file_name().unwrap_or_default().as_bytes());
        let attachment = Attachment::new(Content::File(path.to_owned()), &name, Labels::default());
        attachment.set_kind(kind);
        let mut id = attachment.id;
        self.list.rcu(|old| {
            let known = old.iter().find(|other| other.is_same_file(&attachment));
            if let Some(known) = known {
                id = known.id;
                return Arc::clone(old);
            }
            id = attachment.id;
            with(old, &attachment)
        });
        id
    }

    /// Adds bytes under a name. Returns their handle; none if there is no memory for a copy.
    pub(crate) fn add_bytes(&self, bytes: &[u8], filename: &str) -> Option<usize> {
        // A shared slice cannot answer that there is no memory, so that is asked beforehand.
        if !memory::is_there(bytes.len().saturating_add(64)) {
            return None;
        }
        let content = Content::Bytes(Arc::from(bytes));
        let attachment = Attachment::new(content, filename, Labels::default());
        self.list.rcu(|old| with(old, &attachment));
        Some(attachment.id)
    }

    /// Removes one by its handle; one of another list stays.
    pub(crate) fn remove(&self, id: usize) {
        if self
            .list
            .load()
            .iter()
            .all(|attachment| attachment.id != id)
        {
            return;
        }
        self.list.rcu(|old| {
            let rest = old.iter().filter(|attachment| attachment.id != id);
            rest.cloned().collect::<Vec<_>>()
        });
    }

    /// Removes all.
    pub(crate) fn clear(&self) {
        self.list.store(Arc::default());
    }

    /// An independent copy, with handles of its own; bytes are shared.
    pub(crate) fn copy(&self) -> Result<Self, OutOfMemory> {
        let list = self.list.load();
        let mut copies = Vec::new();
        copies.try_reserve_exact(list.len())?;
        copies.extend(list.iter().map(|attachment| {
            Attachment::new(
                attachment.content.clone(),
                &attachment.first_name,
                Labels::clone(&attachment.labels.load()),
            )
        }));
        Ok(Self {
            list: ArcSwap::from_pointee(copies),
        })
    }

    /// For a forked child: the same attachments under the same handles.
    pub(crate) fn inherited(&self) -> Self {
        Self {
            list: ArcSwap::new(self.list.load_full()),
        }
    }
}

fn with(old: &[Arc<Attachment>], new: &Arc<Attachment>) -> Arc<Vec<Arc<Attachment>>> {
    let mut list = Vec::with_capacity(old.len().saturating_add(1));
    list.extend_from_slice(old);
    list.push(Arc::clone(new));
    Arc::new(list)
}

fn label(text: &str) -> Option<Cow<'static, str>> {
    (!text.is_empty()).then(|| Cow::Owned(trim_str(text, NAME_CHARS).into_owned()))
}

fn short_name(name: &str) -> String {
    trim_str(base_name(name), NAME_CHARS).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(attachments: &Attachments) -> Vec<String> {
        let list = attachments.list();
        let name = |it: &Arc<Attachment>| it.filename(&it.labels()).to_owned();
        list.iter().map(name).collect()
    }

    fn find(id: usize) -> Option<Arc<Attachment>> {
        tables::attachments().find(id)
    }

    #[test]
    fn a_file_is_attached_once_for_each_kind_and_bytes_each_time() {
        let attachments = Attachments::default();
        let path = Path::new("/var/log/app.log");
        let first = attachments.add_file(path, None);
        assert_eq!(attachments.add_file(path, None), first);
        let second = attachments.add_file(path, Some(VIEW_HIERARCHY));
        assert_ne!(second, first);
        find(first).unwrap().set_kind(Some(MINIDUMP));
        let third = attachments.add_file(path, None);
        assert!(third != first && third != second);
        let one = attachments.add_bytes(b"x", "x").unwrap();
        assert_ne!(attachments.add_bytes(b"x", "x").unwrap(), one);
        assert_eq!(attachments.list().len(), 5);
    }

    #[test]
    fn a_handle_ends_with_its_attachment_and_is_never_given_again() {
        let attachments = Attachments::default();
        let id = attachments.add_bytes(b"x", "x").unwrap();
        let copy = attachments.copy().unwrap();
        let copied = copy.list()[0].id;
        assert_ne!(copied, id);
        // Of another list: stays.
        copy.remove(id);
        assert!(find(id).is_some());
        attachments.remove(id);
        assert!(find(id).is_none() && find(copied).is_some());
        attachments.remove(id);
        assert_ne!(attachments.add_bytes(b"x", "x").unwrap(), id);
        copy.clear();
        assert!(find(copied).is_none());
        assert!(find(0).is_none() && find(usize::MAX).is_none());
        let inherited = attachments.inherited();
        let kept = inherited.list()[0].id;
        drop(attachments);
        assert!(find(kept).is_some());
    }

    // ATT-1
    #[test]
    fn labels_can_be_set_and_taken_back() {
        let attachments = Attachments::default();
        let id = attachments.add_file(Path::new("dir/.hidden"), None);
        let attachment = find(id).unwrap();
        assert_eq!(names(&attachments), [".hidden"]);
        attachment.set_filename(Some("C:\\logs\\other.txt"));
        assert_eq!(names(&attachments), ["other.txt"]);
        attachment.set_filename(None);
        assert_eq!(names(&attachments), [".hidden"]);
        attachment.set_kind(Some(VIEW_HIERARCHY));
        let labels = attachment.labels();
        assert_eq!(labels.content_type.as_deref(), Some("application/json"));
        // A media type that is set already stays.
        attachment.set_kind(Some(MINIDUMP));
        let labels = attachment.labels();
        assert_eq!(labels.kind.as_deref(), Some(MINIDUMP));
        assert_eq!(labels.content_type.as_deref(), Some("application/json"));
        attachment.set_kind(Some(""));
        attachment.set_content_type(None);
        assert_eq!(*attachment.labels(), Labels::default());
        for (given, kept) in [("dir/", "attachment"), ("", "attachment"), ("a/b", "b")] {
            assert_eq!(short_name(given), kept);
        }
        assert_eq!(short_name(&"n".repeat(300)).len(), NAME_CHARS);
    }

    #[test]
    fn threads_that_attach_and_remove_at_once_lose_nothing() {
        let attachments = Attachments::default();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let attachments = &attachments;
                scope.spawn(move || {
                    for round in 0..50 {
                        let id = attachments.add_bytes(b"x", &format!("{thread}")).unwrap();
                        find(id).unwrap().set_kind(Some("k"));
                        if round > 0 {
                            attachments.remove(id);
                        }
                    }
                });
            }
        });
        let mut names = names(&attachments);
        names.sort_unstable();
        assert_eq!(names, ["0", "1", "2", "3", "4", "5", "6", "7"]);
    }
}
