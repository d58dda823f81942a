//! Validate: what init refuses because options contradict one another or the server would refuse every event.
//!
//! Entry point: [`Options::validate`]. Ranges of single options are held by their setters. May use: `ca_bundle`.

use super::Options;
use super::limit::shorten;
use super::set::as_millis;

/// Most characters of an environment, fixed by the server (EVT-5).
const ENVIRONMENT_MAX: usize = 64;
/// Most characters of a release, fixed by the server (EVT-6).
const RELEASE_MAX: usize = 200;
/// Most characters of a dist, fixed by the server (EVT-7).
const DIST_MAX: usize = 64;

impl Options {
    /// Checks the options as a whole; the text of a refusal says what to do. Empty texts count as unset. The DSN is not
    /// looked at: an unusable one leaves the library disabled and does not fail init.
    pub(crate) fn validate(&self) -> Result<(), String> {
        check_environment(self.environment.as_deref().unwrap_or_default())?;
        check_release(self.release.as_deref().unwrap_or_default())?;
        check_dist(self.dist.as_deref().unwrap_or_default())?;
        if self.retry_backoff_max < self.retry_backoff {
            return Err(format!(
                "retry_backoff_max_ms: {} is less than retry_backoff_ms ({}); raise it or lower retry_backoff_ms",
                as_millis(self.retry_backoff_max),
                as_millis(self.retry_backoff)
            ));
        }
        self.find_ca_bundle().map(drop)
    }
}

/// EVT-5.
fn check_environment(environment: &str) -> Result<(), String> {
    if environment.chars().count() > ENVIRONMENT_MAX
        || environment.contains(['\n', '\r', ' ', '/', '\0'])
        || environment == "None"
    {
        return Err(format!(
            "environment: \"{}\" is refused by servers; use at most {ENVIRONMENT_MAX} characters without line break, \
             space and /, and not the word None (option environment or SENTRY_ENVIRONMENT)",
            shorten(environment)
        ));
    }
    Ok(())
}

/// EVT-6.
fn check_release(release: &str) -> Result<(), String> {
    if release.chars().count() > RELEASE_MAX
        || release.contains(['\n', '\r', '\t', '/', '\\', '\0'])
        || [".", "..", " "].contains(&release)
    {
        return Err(format!(
            "release: \"{}\" is refused by servers; use at most {RELEASE_MAX} characters without line break, tab, / \
             and \\, best package@version (option release or SENTRY_RELEASE)",
            shorten(release)
        ));
    }
    Ok(())
}

/// EVT-7.
fn check_dist(dist: &str) -> Result<(), String> {
    let allowed =
        |character: char| character.is_ascii_alphanumeric() || ['_', '.', '-'].contains(&character);
    if dist.chars().count() > DIST_MAX || !dist.chars().all(allowed) {
        return Err(format!(
            "dist: \"{}\" is refused by servers; use at most {DIST_MAX} characters of A-Z a-z 0-9 _ . -",
            shorten(dist)
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    // EVT-5
    #[test]
    fn environments_that_servers_refuse_are_refused() {
        for good in ["", "production", "Prod-1", &"é".repeat(64)] {
            assert_eq!(check_environment(good), Ok(()), "{good}");
        }
        for bad in ["a b", "a/b", "a\nb", "None", &"e".repeat(65)] {
            let text = check_environment(bad).unwrap_err();
            assert!(text.starts_with("environment: "), "{text}");
        }
        assert_eq!(check_environment("none"), Ok(()));
    }

    // EVT-6
    #[test]
    fn releases_that_servers_refuse_are_refused() {
        for good in ["", "app@1.0+7", "a b", "...", &"r".repeat(200)] {
            assert_eq!(check_release(good), Ok(()), "{good}");
        }
        for bad in [
            ".",
            "..",
            " ",
            "a/b",
            "a\\b",
            "a\tb",
            "a\n",
            &"r".repeat(201),
        ] {
            assert!(check_release(bad).is_err(), "{bad}");
        }
    }

    // EVT-7
    #[test]
    fn dists_that_servers_refuse_are_refused() {
        for good in ["", "1.0_a-B", &"d".repeat(64)] {
            assert_eq!(check_dist(good), Ok(()), "{good}");
        }
        for bad in ["a b", "ä", "a+b", &"d".repeat(65)] {
            assert!(check_dist(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_check_is_part_of_the_whole() {
        let broken: [fn(&mut Options); 4] = [
            |options| options.set_environment(Some("a b")),
            |options| options.set_release(Some("a/b")),
            |options| options.set_dist(Some("a b")),
            |options| options.set_ca_certs(Some(PathBuf::from("/does/not/exist.pem"))),
        ];
        for (breaks, name) in broken
            .into_iter()
            .zip(["environment", "release", "dist", "ca_certs"])
        {
            let mut options = Options::default();
            breaks(&mut options);
            let text = options.validate().unwrap_err();
            assert!(text.starts_with(name), "{text}");
        }
        let mut options = Options::default();
        options.set_environment(None);
        options.validate().unwrap();
    }

    #[test]
    fn the_cap_of_the_back_off_is_not_below_its_base() {
        let mut options = Options::default();
        options.set_retry_backoff(5000).unwrap();
        options.set_retry_backoff_max(5000).unwrap();
        options.validate().unwrap();
        options.set_retry_backoff_max(4999).unwrap();
        assert_eq!(
            options.validate().unwrap_err(),
            "retry_backoff_max_ms: 4999 is less than retry_backoff_ms (5000); raise it or lower retry_backoff_ms"
        );
    }
}
