//! What an OpenID provider says of itself (OpenID Connect Discovery 1.0).

use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, ProviderMetadata};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::connector::Provider;
use super::{failure, tenant};
use crate::error::Result;

/// What stands behind an issuer.
const DOCUMENT: &str = "/.well-known/openid-configuration";

/// What of the document the crate does not know.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct More {
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    /// Where Microsoft Graph of this cloud is.
    #[serde(default)]
    msgraph_host: Option<Value>,
    #[serde(default)]
    end_session_endpoint: Option<String>,
}

impl AdditionalProviderMetadata for More {}

type Document = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// The issuer that `pasted` means: people paste the address of its document, or a slash at its end.
///
/// # Errors
/// Words for the operator.
pub(super) fn issuer(pasted: &str) -> Result<String, &'static str> {
    let text = pasted.trim().trim_end_matches('/');
    let text = text.strip_suffix(DOCUMENT).unwrap_or(text).trim_end_matches('/');
    let url = Url::parse(text).map_err(|_| "is not a web address")?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("is not an http or https address");
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err("holds a query, a fragment or a user name");
    }
    Ok(text.to_owned())
}

/// Where the document of `issuer` is.
pub(super) fn address(issuer: &str) -> String {
    format!("{issuer}{DOCUMENT}")
}

/// Reads the document of `issuer`: it must speak for that, up to a slash at the end; its own spelling
/// is the one that tokens have.
///
/// # Errors
/// When it speaks for another one, or lacks what a sign-in needs.
pub(super) fn read(issuer: &str, document: Value) -> Result<Provider> {
    let document: Document = serde_json::from_value(document).map_err(failure::upstream)?;
    let own = document.issuer().as_str();
    if own.strip_suffix('/').unwrap_or(own) != issuer && !tenant::is_template_of(own, issuer) {
        return Err(failure::upstream("its discovery document is another issuer's"));
    }
    let authorization = document.authorization_endpoint().as_str();
    // Nobody is sent over plain http by a provider that is asked by https, nor to anything but a page.
    let scheme = |address: &str| address.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if scheme(authorization) != "https" && scheme(authorization) != scheme(own) {
        return Err(failure::upstream("its authorization endpoint is no https address"));
    }
    let token_url = document.token_endpoint().ok_or_else(|| failure::upstream("it has no token endpoint"))?;
    // Nor anybody who signs out; one that leads elsewhere is none.
    let end_session = document.additional_metadata().end_session_endpoint.clone();
    let end_session = end_session.filter(|address| scheme(address) == "https" || scheme(address) == scheme(own));
    let names = |algorithm| serde_json::to_value(algorithm).ok().and_then(|it| it.as_str().map(str::to_owned));
    let takes = |method| document.token_endpoint_auth_methods_supported().is_some_and(|all| all.contains(&method));
    Ok(Provider {
        issuer: own.to_owned(),
        authorization_url: authorization.to_owned(),
        token_url: token_url.as_str().to_owned(),
        api_url: document.userinfo_endpoint().map(|url| url.as_str().to_owned()),
        jwks_url: Some(document.jwks_uri().as_str().to_owned()),
        algorithms: document.id_token_signing_alg_values_supported().iter().filter_map(names).collect(),
        says_issuer: document.additional_metadata().authorization_response_iss_parameter_supported,
        end_session_url: end_session,
        takes_post: takes(CoreClientAuthMethod::ClientSecretPost),
        graph_url: document.additional_metadata().msgraph_host.as_ref().and_then(|host| graph(own, host.as_str()?)),
    })
}

/// The base of Microsoft Graph on `host`: a host, and nothing that would make another address of it.
fn graph(issuer: &str, host: &str) -> Option<String> {
    let scheme = issuer.split(':').next()?;
    let url = Url::parse(&format!("{scheme}://{host}")).ok()?;
    let is_plain = url.as_str() == format!("{scheme}://{host}/") && url.username().is_empty();
    is_plain.then(|| format!("{url}v1.0"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(issuer: &str) -> Value {
        json!({
            "issuer": issuer, "authorization_endpoint": "https://id.example.com/auth",
            "token_endpoint": "https://id.example.com/token", "jwks_uri": "https://id.example.com/jwks",
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "a strange one"],
        })
    }

    #[test]
    fn sec_096_an_issuer_is_found_however_it_was_pasted_and_no_other_speaks_for_it() {
        let speaks = |pasted: &str, own: &str| issuer(pasted).is_ok_and(|issuer| read(&issuer, document(own)).is_ok());
        for (pasted, own) in [
            ("https://id.example.com", "https://id.example.com"),
            (" https://id.example.com/ ", "https://id.example.com"),
            ("https://id.example.com/.well-known/openid-configuration", "https://id.example.com"),
            ("https://id.example.com/.well-known/openid-configuration/", "https://id.example.com"),
            ("https://example.eu.auth0.example", "https://example.eu.auth0.example/"),
            ("https://sso.example.com/realms/example/", "https://sso.example.com/realms/example"),
        ] {
            assert!(speaks(pasted, own), "{pasted} {own}");
        }
        for (pasted, own) in [
            ("https://id.example.com", "https://evil.example"),
            ("https://id.example.com", "https://id.example.com/realms/other"),
            ("https://id.example.com", "http://id.example.com"),
            ("https://id.example.com", "https://ID.example.com"),
            ("https://id.example.com", "https://id.example.com//"),
            ("https://id.example.com?tenant=1", "https://id.example.com?tenant=1"),
            ("https://id.example.com#x", "https://id.example.com"),
            ("https://user:pw@id.example.com", "https://id.example.com"),
            ("id.example.com", "https://id.example.com"),
        ] {
            assert!(!speaks(pasted, own), "{pasted} {own}");
        }
    }

    #[test]
    fn a_document_that_speaks_for_a_tenant_is_found_by_the_words_for_many_alone() {
        let template = "https://login.microsoftonline.com/{tenantid}/v2.0";
        for (word, is_taken) in
            [("common", true), ("organizations", true), ("consumers", false), ("example.com", false)]
        {
            let pasted = format!("https://login.microsoftonline.com/{word}/v2.0");
            assert_eq!(read(&pasted, document(template)).is_ok_and(|it| it.issuer == template), is_taken, "{word}");
        }
    }

    #[test]
    fn sec_126_graph_is_a_host_and_nothing_else() {
        let graph = |host: &str| graph("https://login.microsoftonline.com/common/v2.0", host);
        assert_eq!(graph("graph.microsoft.us").as_deref(), Some("https://graph.microsoft.us/v1.0"));
        for odd in ["", "evil.example/x", "a@evil.example", "evil.example?x", "evil.example#x", "https://evil.example"]
        {
            assert_eq!(graph(odd), None, "{odd}");
        }
    }

    #[test]
    fn sec_103_what_lacks_or_leads_elsewhere_is_refused() {
        let read = |change: &dyn Fn(&mut Value)| {
            let mut odd = document("https://id.example.com");
            change(&mut odd);
            read("https://id.example.com", odd)
        };
        assert_eq!(read(&|_| {}).map(|it| it.algorithms).ok(), Some(vec!["RS256".to_owned(), "HS256".to_owned()]));
        for name in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"] {
            assert!(read(&|it| it[name] = Value::Null).is_err(), "{name}");
        }
        for address in ["javascript:alert(1)", "http://id.example.com/auth", "data:text/html,x"] {
            assert!(read(&|it| it["authorization_endpoint"] = address.into()).is_err(), "{address}");
        }
    }
}
