//! Providers of many tenants: their issuer has a place for one, which each token fills (the Microsoft
//! identity platform, OpenID Connect).

/// The place.
const PLACE: &str = "{tenantid}";
/// Where Microsoft's clouds are.
const HOSTS: [&str; 3] =
    ["login.microsoftonline.com/", "login.microsoftonline.us/", "login.partner.microsoftonline.cn/"];
/// Words that stand for many tenants in an issuer that is asked.
const OF_MANY: [&str; 2] = ["common", "organizations"];

/// Whether `issuer` has a place for a tenant.
pub(super) fn is_template(issuer: &str) -> bool {
    issuer.contains(PLACE)
}

/// Whether `template` is what the provider calls itself that is asked at `issuer`.
pub(super) fn is_template_of(template: &str, issuer: &str) -> bool {
    filling(template, issuer).is_some_and(|word| OF_MANY.contains(&word))
}

/// Whether `issuer` is one of many tenants, before it was ever asked.
pub(super) fn is_of_many(issuer: &str) -> bool {
    let word = path_at_microsoft(issuer).and_then(|path| path.split('/').next());
    word.is_some_and(|word| OF_MANY.contains(&word))
}

/// Whether `issuer` is at Microsoft.
pub(super) fn is_microsofts(issuer: &str) -> bool {
    path_at_microsoft(issuer).is_some()
}

fn path_at_microsoft(issuer: &str) -> Option<&str> {
    let rest = issuer.strip_prefix("https://")?;
    HOSTS.iter().find_map(|host| rest.strip_prefix(host))
}

/// The tenant for which `issuer` speaks, where `template` is what the provider calls itself.
pub(super) fn of<'a>(template: &str, issuer: &'a str) -> Option<&'a str> {
    filling(template, issuer).filter(|tenant| is_guid(tenant))
}

/// Whether `issuer` is the provider that calls itself `own`.
pub(super) fn speaks_for(issuer: &str, own: &str) -> bool {
    if is_template(own) { of(own, issuer).is_some() } else { issuer == own }
}

/// Whether `text` is a tenant as tokens name them.
pub(super) fn is_guid(text: &str) -> bool {
    let is_right = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_right)
}

fn filling<'a>(template: &str, issuer: &'a str) -> Option<&'a str> {
    let (before, after) = template.split_once(PLACE)?;
    issuer.strip_prefix(before)?.strip_suffix(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";
    const TENANT: &str = "11111111-2222-4333-8444-555555555555";

    #[test]
    fn sec_099_a_tenant_fills_its_place_and_nothing_else_does() {
        let filled = |tenant: &str| TEMPLATE.replace(PLACE, tenant);
        assert_eq!(of(TEMPLATE, &filled(TENANT)), Some(TENANT));
        for odd in [
            "",
            "{tenantid}",
            "common",
            "common/../11111111-2222-4333-8444-555555555555",
            "1111111122224333844455555555555555",
        ] {
            assert!(!speaks_for(&filled(odd), TEMPLATE), "{odd}");
        }
        assert!(!speaks_for(&filled("AAAAAAAA-2222-4333-8444-555555555555"), TEMPLATE), "upper case is another text");
        assert!(!speaks_for("https://evil.example/11111111-2222-4333-8444-555555555555/v2.0", TEMPLATE));
        assert!(!speaks_for("https://sts.windows.net/11111111-2222-4333-8444-555555555555/", TEMPLATE));
        assert!(speaks_for(&filled(TENANT), &filled(TENANT)) && !speaks_for(TEMPLATE, &filled(TENANT)));
    }

    #[test]
    fn only_the_words_for_many_lead_to_a_template() {
        for (word, is_many) in [("common", true), ("organizations", true), ("consumers", false), (TENANT, false)] {
            let issuer = TEMPLATE.replace(PLACE, word);
            assert_eq!((is_template_of(TEMPLATE, &issuer), is_of_many(&issuer)), (is_many, is_many), "{word}");
        }
        assert!(
            !is_of_many("https://id.example.com/common/v2.0")
                && !is_template_of(TEMPLATE, "https://evil.example/common/v2.0")
        );
    }
}
