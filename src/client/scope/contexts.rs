//! Default contexts: what is known about the machine without asking anyone's consent (CTX-1, PII-1).
//!
//! Read once, at init.

use crate::base::descriptor;
use crate::telemetry::trace::Trace;
use crate::value::json::write;
use crate::value::shared::members::Members;

/// `os`, `device` and `trace`.
pub(crate) fn defaults(trace: &Trace) -> Members {
    let mut contexts = Members::new();
    contexts.set("os", &os());
    contexts.set("device", &device());
    contexts.set("trace", &trace.context());
    contexts
}

fn os() -> String {
    let (system, release) = uname();
    // "6.1.0-18-amd64": the numbers are the version, the rest names the build.
    let cut = release
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(release.len());
    let (version, build) = release.split_at_checked(cut).unwrap_or((&release, ""));
    let distribution = text_of("/etc/os-release").or_else(|| text_of("/usr/lib/os-release"));
    let distribution = distribution.unwrap_or_default();
    let field = |name: &str| os_release_field(&distribution, name);
    object(&[
        ("name", non_empty(&system)),
        ("version", non_empty(version.trim_end_matches('.'))),
        ("build", non_empty(build.trim_start_matches(['-', '.']))),
        ("kernel_version", non_empty(&release)),
        ("distribution_name", field("ID")),
        ("distribution_version", field("VERSION_ID")),
        ("distribution_pretty_name", field("PRETTY_NAME")),
    ])
}

fn device() -> String {
    let mut members = Members::new();
    members.set_text("arch", std::env::consts::ARCH);
    if let Ok(count) = std::thread::available_parallelism() {
        members.set("processor_count", &count.to_string());
    }
    if let Some(bytes) = memory_size() {
        members.set("memory_size", &bytes.to_string());
    }
    if let Some(model) = text_of("/proc/device-tree/model")
        .as_deref()
        .and_then(non_empty)
    {
        members.set_text("model", model.trim_end_matches('\0'));
    }
    format!("{{{}}}", members.json())
}

fn memory_size() -> Option<u64> {
    let text = text_of("/proc/meminfo")?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()?
        .checked_mul(1024)
}

/// The content of a file of the system.
fn text_of(path: &str) -> Option<String> {
    String::from_utf8(descriptor::read(path).ok()?).ok()
}

fn uname() -> (String, String) {
    let read = |path| text_of(path).map_or_else(String::new, |text| text.trim().to_owned());
    (
        read("/proc/sys/kernel/ostype"),
        read("/proc/sys/kernel/osrelease"),
    )
}

fn os_release_field(text: &str, name: &str) -> Option<String> {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
    non_empty(value.trim().trim_matches(['"', '\'']))
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn object(fields: &[(&str, Option<String>)]) -> String {
    let mut out = vec![b'{'];
    for (name, value) in fields {
        if let Some(value) = value {
            write::key(&mut out, name);
            write::string(&mut out, value);
        }
    }
    out.push(b'}');
    write::into_text(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_json_objects_without_a_host_name() {
        let trace = Trace::new();
        let text = format!("{{{}}}", defaults(&trace).json());
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["os"]["name"], "Linux");
        assert_eq!(value["device"]["arch"], std::env::consts::ARCH);
        assert!(value["device"]["memory_size"].as_u64().unwrap() > 1 << 20);
        assert_eq!(value["trace"]["trace_id"], trace.trace_id.simple().as_str());
        // PII-1
        assert!(value["device"].get("name").is_none());
    }

    #[test]
    fn os_release_values_lose_their_quotes() {
        let text = "NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID='12'\nEMPTY=\n";
        assert_eq!(
            os_release_field(text, "NAME").as_deref(),
            Some("Debian GNU/Linux")
        );
        assert_eq!(os_release_field(text, "ID").as_deref(), Some("debian"));
        assert_eq!(os_release_field(text, "VERSION_ID").as_deref(), Some("12"));
        assert_eq!(os_release_field(text, "EMPTY"), None);
        assert_eq!(os_release_field(text, "MISSING"), None);
    }
}
