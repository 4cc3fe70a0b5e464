//! Names that nobody knows.

use super::{Env, Fault};

/// How alike two names must be behind their prefix (Damerau-Levenshtein, 0 to 1) for one to be offered
/// in place of the other.
const ALIKE: f64 = 0.6;

impl Env {
    /// Notes a problem for every name that begins with `prefix` (in any case) and was neither asked
    /// for nor is in `other`, and says which known name is nearest.
    ///
    /// A setting that is left empty counts too: it is misspelt all the same.
    pub fn refuse_unknown(&mut self, prefix: &str, other: &[&'static str]) {
        let known: Vec<_> = self.notes.settings.iter().map(|it| it.setting).chain(other.iter().copied()).collect();
        let unknown: Vec<_> = self
            .given
            .iter()
            .filter(|(name, _)| is_ours(name, prefix) && !self.is_known(name) && !other.contains(&name.as_str()))
            .filter(|(name, given)| !is_of_kubernetes(name, secrecy::ExposeSecret::expose_secret(&given.value)))
            .map(|(name, _)| (name.clone(), fault(name, prefix, &known)))
            .collect();
        for (name, fault) in unknown {
            self.problem(&name, fault);
        }
    }
}

fn is_ours(name: &str, prefix: &str) -> bool {
    let stem = prefix.trim_end_matches('_');
    name.get(..stem.len()).is_some_and(|start| start.eq_ignore_ascii_case(stem))
        && name[stem.len()..].starts_with(['_', '-', '.'])
}

/// Kubernetes tells every pod of a service named `postern` by variables of its own, in the form that
/// Docker's links had: `POSTERN_SERVICE_HOST`, `POSTERN_PORT=tcp://10.0.0.1:3081`, `POSTERN_PORT_3081_TCP`.
fn is_of_kubernetes(name: &str, value: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || (name.ends_with("_PORT") && value.contains("://"))
        || name.split_once("_PORT_").is_some_and(|(_, rest)| rest.contains("_TCP") || rest.contains("_UDP"))
}

fn fault(name: &str, prefix: &str, known: &[&'static str]) -> Fault {
    let upper = name.to_ascii_uppercase().replace(['-', '.'], "_");
    if let Some(plain) = upper.strip_suffix("_FILE")
        && known.contains(&plain)
    {
        return Fault::new("is not read: that setting is no secret", format!("Write the value itself into {plain}"));
    }
    let rest = upper.get(prefix.len()..).unwrap_or_default();
    let nearest = known
        .iter()
        .filter_map(|known| Some((strsim::normalized_damerau_levenshtein(rest, known.strip_prefix(prefix)?), known)))
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .filter(|(alike, _)| *alike >= ALIKE);
    let right = nearest.map_or_else(
        || "Take it out, or look the name up in the list of settings".to_owned(),
        |(_, known)| format!("Did you mean {known}?"),
    );
    Fault::new("is not a setting of this release", right)
}
