//! The machine underneath: store, disk, clock, files.

use super::Check;
use crate::clock::{Clock, Timestamp};
use crate::domain::backup::free_space;
use crate::settings::Settings;
use crate::state::ServerState;
use crate::store::backup::StoreHealth;
use std::path::Path;
use std::time::{Duration, Instant};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

/// The store is read for no longer: a large one is not read to its end.
const READING_TIME_LIMIT: Duration = Duration::from_secs(10);
const MEBIBYTE: u64 = 1024 * 1024;
/// A log of this size says that something keeps it from being folded back.
const LARGE_LOG: u64 = 512 * MEBIBYTE;
const LITTLE_SPACE: u64 = 1024 * MEBIBYTE;
const TOO_LITTLE_SPACE: u64 = 128 * MEBIBYTE;
/// Seconds by which clocks may differ.
const CLOCK_TOLERANCE: i64 = 5;
const CERTIFICATE_DAYS: i64 = 30;

pub(super) fn store(state: &ServerState) -> Vec<Check> {
    let began = Instant::now();
    let health = state.store.health(Box::new(move || began.elapsed() > READING_TIME_LIMIT));
    match health {
        Ok(health) => vec![damage(&health), log_size(&health), latest(&health, state.clock.now())],
        Err(error) => vec![Check::problem("store", error.to_string(), RESTORE)],
    }
}

const RESTORE: &str = "stop the server, keep the data folder, and restore the last backup: keystead restore";

fn damage(health: &StoreHealth) -> Check {
    let name = "store";
    let size = health.size / MEBIBYTE;
    let version = health.schema_version;
    match &health.damage {
        Some(damage) if damage.is_empty() => {
            Check::ok(name, format!("the database is sound: {size} MiB, schema version {version}"))
        }
        Some(damage) => {
            Check::problem(name, format!("the database is damaged: {}", damage.join("; ")), RESTORE)
        }
        None => Check::ok(
            name,
            format!(
                "the database has {size} MiB and schema version {version}; as far as it was read in {} seconds, it is sound",
                READING_TIME_LIMIT.as_secs()
            ),
        ),
    }
}

fn log_size(health: &StoreHealth) -> Check {
    let (name, size) = ("store_log", health.log_size / MEBIBYTE);
    if health.log_size < LARGE_LOG {
        return Check::ok(name, format!("the log of the database has {size} MiB"));
    }
    Check::warning(
        name,
        format!("the log of the database has {size} MiB, and is not folded back"),
        "wait for backups that are being made, and end other programs that read the database",
    )
}

fn latest(health: &StoreHealth, now: Timestamp) -> Check {
    let name = "store_time";
    match health.latest {
        Some(latest) if latest.unix_seconds() > now.unix_seconds() + CLOCK_TOLERANCE => Check::problem(
            name,
            format!(
                "something stored happens {} seconds from now: the clock was ahead then, or is behind now",
                latest.unix_seconds() - now.unix_seconds()
            ),
            "set the clock by NTP; tokens and links last longer, or less long, than they should",
        ),
        _ => Check::ok(name, "nothing stored is of the future"),
    }
}

pub(super) fn disk_space(folder: &Path) -> Check {
    let name = "disk_space";
    let Some(free) = free_space(folder) else {
        return Check::warning(name, "the system does not tell how much is free", "look for yourself");
    };
    let message = format!("{} MiB are free where the data folder is", free / MEBIBYTE);
    let fix = "make room: a server that cannot write refuses every change";
    if free < TOO_LITTLE_SPACE {
        Check::problem(name, message, fix)
    } else if free < LITTLE_SPACE {
        Check::warning(name, message, fix)
    } else {
        Check::ok(name, message)
    }
}

/// The clock that stamps files is another one when the folder is on another machine.
pub(super) fn file_clock(state: &ServerState) -> Check {
    let name = "clock";
    let file = state.settings.data_dir.join("doctor.tmp");
    let _ = std::fs::remove_file(&file);
    let written = crate::start::create_private_file(&file).and_then(|file| file.metadata()?.modified());
    let _ = std::fs::remove_file(&file);
    let written = match written {
        Ok(written) => written.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        Err(error) => {
            return Check::problem(
                name,
                format!("the data folder cannot be written: {error}"),
                "make it the server's own",
            );
        }
    };
    let difference =
        i64::try_from(written).unwrap_or(i64::MAX).saturating_sub(state.clock.now().unix_seconds());
    if difference.abs() <= CLOCK_TOLERANCE {
        return Check::ok(name, "the clock agrees with that of the data folder");
    }
    Check::warning(
        name,
        format!("the clock differs from that of the data folder by {difference} seconds"),
        "set both by NTP",
    )
}

pub(super) fn drift(clock: &Clock) -> Check {
    let (name, drift) = ("clock_drift", clock.drift_seconds());
    if drift.abs() <= CLOCK_TOLERANCE {
        return Check::ok(name, "the clock was not set since the server started");
    }
    Check::warning(
        name,
        format!("the clock was set by {drift} seconds since the server started"),
        "let NTP keep it; look why it was wrong",
    )
}

pub(super) fn pepper(settings: &Settings) -> Check {
    let name = "pepper";
    if settings.pepper.is_some() {
        return Check::ok(name, "the pepper is set by KEYSTEAD_PEPPER; backups do not hold it");
    }
    let file = settings.data_dir.join(crate::start::PEPPER);
    match others_may_read(&file) {
        Ok(false) => Check::ok(name, "only the server reads the file of the pepper; backups do not hold it"),
        Ok(true) => Check::problem(
            name,
            format!("others may read {}", file.display()),
            "chmod 600 it, and keep it from backups of the data folder",
        ),
        Err(error) => Check::problem(
            name,
            format!("{} cannot be looked at: {error}", file.display()),
            "put it back, before the server stops: without it no API key works any more",
        ),
    }
}

#[cfg(unix)]
fn others_may_read(file: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(std::fs::metadata(file)?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_may_read(file: &Path) -> std::io::Result<bool> {
    std::fs::metadata(file).map(|_| false)
}

pub(super) fn certificate(state: &ServerState) -> Check {
    let name = "tls_certificate";
    let Some(tls) = &state.settings.tls else {
        return Check::ok(name, "the server does not speak TLS itself");
    };
    let file = tls.certificate.display();
    let end = std::fs::read(&tls.certificate).map_err(|error| error.to_string()).and_then(|pem| end_of(&pem));
    let end = match end {
        Ok(end) => end,
        Err(error) => {
            return Check::problem(
                name,
                format!("{file} cannot be read: {error}"),
                "put the certificate chain there, before the server is started again",
            );
        }
    };
    let days = (end - state.clock.now().unix_seconds()).div_euclid(24 * 60 * 60);
    let fix = "renew it, and restart the server";
    if days < 0 {
        Check::problem(name, format!("{file} has expired"), fix)
    } else if days < CERTIFICATE_DAYS {
        Check::warning(name, format!("{file} expires in {days} days"), fix)
    } else {
        Check::ok(name, format!("{file} is valid for another {days} days"))
    }
}

/// The moment at which the first certificate of a chain ends.
fn end_of(pem: &[u8]) -> Result<i64, String> {
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject as _;
    let certificate = CertificateDer::from_pem_slice(pem).map_err(|_| "it is not in PEM format")?;
    let certificate = Certificate::from_der(&certificate).map_err(|_| "it is no certificate")?;
    let end = certificate.tbs_certificate().validity().not_after.to_unix_duration().as_secs();
    i64::try_from(end).map_err(|_| "it never ends".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBgTCCASegAwIBAgIUTxSdd81PNWb+SycqmrLqJtZVBAgwCgYIKoZIzj0EAwIw\n\
FjEUMBIGA1UEAwwLZXhhbXBsZS5jb20wHhcNMjYxMTI1MTkwMTAwWhcNMzYxMTIy\n\
MTkwMTAwWjAWMRQwEgYDVQQDDAtleGFtcGxlLmNvbTBZMBMGByqGSM49AgEGCCqG\n\
SM49AwEHA0IABDbeOaYOq1ci1Y62tUPFfworIFwvfRtY3hjJwm+AgwtCX8IfaxkL\n\
PCbL3UAJq6B4RIDA1rC7rkIZxiVDFqfbBqejUzBRMB0GA1UdDgQWBBT+hewr9pce\n\
G4MYbuAP/GoSmzxitzAfBgNVHSMEGDAWgBT+hewr9pceG4MYbuAP/GoSmzxitzAP\n\
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDOETP5eyxlucL8gqTb\n\
FcIJDRQAY4GtcCRgBU62Q+x61QIgRpwa0sYj6FeBkCyXZ70dtfaOR3b2ELX9l+c5\n\
JFnu4Lo=\n\
-----END CERTIFICATE-----\n";

    #[test]
    fn the_end_of_a_certificate_is_read() {
        assert_eq!(end_of(CERTIFICATE.as_bytes()), Ok(2_110_993_260));
        for no_certificate in ["", "secret", &CERTIFICATE.replace("MII", "NII")] {
            assert!(end_of(no_certificate.as_bytes()).is_err());
        }
    }
}
