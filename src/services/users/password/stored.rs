//! The hashes that accounts hold: ours, weaker ones of ours, and those of other programs.

use std::str::FromStr;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use bcrypt::HashParts;
use zeroize::Zeroizing;

use super::workspace::Workspace;
use crate::random::Random;
use crate::secret::same;

/// Bytes of salt in a hash of ours (OWASP ASVS 5.0, 11.4.2).
const SALT: usize = 16;
/// Bytes of a hash of ours.
const OUTPUT: usize = 32;
/// What a foreign Argon2 hash may cost: 1 GiB, 64 passes, 4 GiB written in all.
const MOST_MEMORY_KIB: u32 = 1 << 20;
const MOST_PASSES: u32 = 64;
const MOST_WORK_KIB: u64 = 1 << 22;
/// What a foreign bcrypt hash may cost: 2^15 rounds, some two seconds.
const BCRYPT_COSTS: std::ops::RangeInclusive<u32> = 4..=15;
/// How many bytes of a password bcrypt sees.
const BCRYPT_SEES: usize = 72;

/// Argon2id with these costs, as new hashes are made.
pub(super) fn argon2id(memory_kib: u32, iterations: u32, parallelism: u32) -> argon2::Result<Argon2<'static>> {
    let params = Params::new(memory_kib, iterations, parallelism, Some(OUTPUT))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes `password` with `argon2` and a new salt, into the PHC string format.
pub(super) fn make(
    workspace: &mut Workspace,
    argon2: &Argon2<'_>,
    salt: [u8; SALT],
    password: &[u8],
) -> Result<String, argon2::password_hash::Error> {
    let mut output = Zeroizing::new([0; OUTPUT]);
    workspace.argon2(argon2, password, &salt, output.as_mut())?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params())?,
        salt: Some(Salt::new(&salt)?),
        hash: Some(Output::new(output.as_ref())?),
    };
    Ok(hash.to_string())
}

/// A password as it was typed and in NFC.
pub(super) struct Typed {
    pub(super) raw: Zeroizing<Vec<u8>>,
    pub(super) normal: Zeroizing<Vec<u8>>,
}

/// A hash to compare with.
pub(super) enum Stored {
    Argon2 { argon2: Argon2<'static>, salt: Vec<u8>, output: Vec<u8>, is_current: bool },
    Bcrypt(String),
}

impl Stored {
    /// Reads a stored hash; none for one of an unknown kind, or of a cost that is out of bounds.
    pub(super) fn read(text: &str, current: &Argon2<'_>) -> Option<Self> {
        if ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix)) {
            let cost = HashParts::from_str(text).ok()?.get_cost();
            return BCRYPT_COSTS.contains(&cost).then(|| Self::Bcrypt(text.to_owned()));
        }
        let hash = PasswordHash::new(text).ok()?;
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        // Without a version it is from before versions were written (RFC 9106 has 0x13).
        let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from).ok()?;
        let params = Params::try_from(&hash).ok()?;
        let (salt, output) = (hash.salt?.to_vec(), hash.hash?.as_bytes().to_vec());
        let is_current = params == *current.params()
            && (algorithm, version) == (Algorithm::Argon2id, Version::V0x13)
            && salt.len() >= SALT;
        let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
        let is_bounded = params.m_cost() <= MOST_MEMORY_KIB && params.t_cost() <= MOST_PASSES && work <= MOST_WORK_KIB;
        (is_current || is_bounded).then(|| {
            let argon2 = Argon2::new(algorithm, version, params);
            Self::Argon2 { argon2, salt, output, is_current }
        })
    }

    /// One that no password matches, for as much work as one of ours.
    pub(super) fn of_nobody(current: &Argon2<'static>, random: &Random) -> Self {
        let salt = random.bytes::<SALT>().to_vec();
        let output = random.bytes::<OUTPUT>().to_vec();
        Self::Argon2 { argon2: current.clone(), salt, output, is_current: true }
    }

    /// Whether the hash is of the kind and cost that new ones have.
    pub(super) const fn is_current(&self) -> bool {
        matches!(self, Self::Argon2 { is_current: true, .. })
    }

    /// Whether `typed` is the password.
    pub(super) fn verify(&self, workspace: &mut Workspace, typed: &Typed) -> argon2::Result<bool> {
        match self {
            Self::Argon2 { argon2, salt, output, .. } => {
                let mut made = Zeroizing::new(vec![0; output.len()]);
                workspace.argon2(argon2, &typed.normal, salt, &mut made)?;
                Ok(same(&made, output))
            }
            Self::Bcrypt(_) if stands_for_another(&typed.raw) => Ok(false),
            Self::Bcrypt(stored) => {
                let is_normal = typed.raw == typed.normal;
                Ok(workspace.bcrypt(&typed.raw, stored) || (!is_normal && workspace.bcrypt(&typed.normal, stored)))
            }
        }
    }
}

/// Whether bcrypt takes `password` for a shorter one: it repeats password and NUL until 72 bytes
/// are full, so that `abc` and `abc NUL abc` are one to it.
fn stands_for_another(password: &[u8]) -> bool {
    let seen = |part: &[u8], at: usize| part.get(at % (part.len() + 1)).copied().unwrap_or(0);
    let ends = (0..password.len().min(BCRYPT_SEES)).filter(|at| password[*at] == 0);
    let mut shorter = ends.map(|end| &password[..end]);
    shorter.any(|it| (0..BCRYPT_SEES).all(|at| seen(it, at) == seen(password, at)))
}
