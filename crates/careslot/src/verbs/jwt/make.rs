//! `careslot jwt make`: tokens of each shape from templates, and deliberately broken ones that say so of themselves
//! (UTL-02, UTL-03, UTL-04).

use std::fs;
use std::path::PathBuf;

use clap::ValueEnum;
use roles::edge::clock::Ids;
use serde_json::{Map, Value, json};
use spine::token::{
    AccessClaims, BREAKAGES, Breakage, Device, Draft, Form, Practitioner, RequestingOrganisation, SelfMadeClaims,
    Shape, Signer, SigningKey,
};
use spine::{Asid, OdsCode, Operation};

use super::super::fault::wrong_word;
use super::super::no_xml;
use super::against::{Against, Known, now, pem, signing_key};
use super::templates::{self, Kind, Substitutions, TEMPLATES, Template, pair};
use crate::environment::{CONSUMER_ODS_CODE, CONSUMER_ORGANISATION};
use crate::failure::{Exit, Failure};
use crate::network::SystemIds;
use crate::terminal::{OutputFlags, OutputForm, Terminal};

/// The flags of `jwt make`.
#[derive(Clone, Debug, clap::Args)]
pub struct Make {
    /// A template's name (--list tells all), or a file: claims with the marks __PRACTITIONER_ID__, __NHS_NUMBER__,
    /// __CURRENT_UTC__, __CURRENT_UTC_PLUS_5_MIN__ and __GUID__
    #[arg(value_name = "TEMPLATE|FILE", required_unless_present = "list")]
    pub template: Option<String>,
    /// List the templates, and the ways to break a token
    #[arg(long)]
    pub list: bool,
    /// Break the token on purpose; it then says so in a claim of its own
    #[arg(long = "break", value_name = "WAY")]
    pub breakage: Option<String>,
    /// `aud` [default: the Provider's endpoint in the environment]
    #[arg(long, value_name = "URL")]
    pub audience: Option<String>,
    /// `iss` [default: the environment's issuer, or the Consumer's own endpoint]
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// `appid` of an access token [default: the environment's Consumer]
    #[arg(long, value_name = "ID")]
    pub client: Option<String>,
    /// Another value for a claim, as JSON or text; may come more than once
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = pair)]
    pub claims: Vec<(String, String)>,
    /// Who asks, and what __PRACTITIONER_ID__ stands for
    #[arg(long, value_name = "ID", default_value = "10019")]
    pub practitioner_id: String,
    /// What __NHS_NUMBER__ stands for
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub nhs_number: String,
    /// What another mark of the file stands for; may come more than once
    #[arg(long, value_name = "MARK=VALUE", value_parser = pair)]
    pub substitute: Vec<(String, String)>,
    /// How it is signed [default: RS256 for an access token, HS256 with --secret-file, else none]
    #[arg(long, value_enum, value_name = "ALG", ignore_case = true)]
    pub alg: Option<Algorithm>,
    /// The RSA private key to sign with: PEM, PKCS#8 [default: the demo's]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// File of the secret to sign with by HS256
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// Plain base64 with padding instead of base64url, which receivers have to refuse
    #[arg(long)]
    pub plain_base64: bool,
    /// How often the payload stands in the token; receivers have to refuse all but 1
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=16))]
    pub payloads: u8,
    /// The network.
    #[command(flatten)]
    pub against: Against,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// The ASID of a Consumer that nothing else is known of.
const CONSUMER_ASID: &str = "200000000359";

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Algorithm {
    /// Not at all
    #[value(name = "none")]
    Nothing,
    /// With a shared secret
    #[value(name = "HS256")]
    Hs256,
    /// As the token endpoint signs
    #[value(name = "RS256")]
    Rs256,
    /// With a longer hash
    #[value(name = "RS512")]
    Rs512,
}

/// What signs, read from its file.
enum Means {
    Nothing,
    Secret(Vec<u8>),
    Key(SigningKey, Algorithm),
}

impl Means {
    fn signer(&self) -> Signer<'_> {
        match self {
            Self::Nothing => Signer::Nobody,
            Self::Secret(secret) => Signer::Hs256(secret),
            Self::Key(key, Algorithm::Rs512) => Signer::Rs512(key),
            Self::Key(key, _) => Signer::Rs256(key),
        }
    }
}

/// Do it.
pub(super) fn run(args: &Make, terminal: &Terminal) -> Result<(), Failure> {
    if args.list {
        terminal.data(&list());
        return Ok(());
    }
    let breakage = args.breakage.as_deref().map(breakage).transpose()?;
    let known = args.against.read(None)?;
    let name = args.template.as_deref().unwrap_or_default();
    let token = match templates::named(name) {
        Some(template) => from_template(args, &known, template, breakage)?,
        None => from_file(args, &known, name, breakage)?,
    };
    match args.output.form() {
        OutputForm::Json => {
            let broken = breakage.map(|breakage| json!({ "way": breakage.name, "words": breakage.words }));
            terminal.data(&format!("{:#}\n", json!({ "token": token, "broken": broken })));
        }
        OutputForm::Xml => return Err(no_xml("a token")),
        OutputForm::Table => terminal.data(&format!("{token}\n")),
    }
    if let Some(breakage) = breakage {
        let words = breakage.words;
        terminal.say(&format!("this token is broken on purpose: {words}. Whoever receives it has to refuse it"));
    } else if token.ends_with('.') {
        terminal.say("this token is unsigned: anybody can write one, and nothing in it is proof (UTL-06)");
    }
    Ok(())
}

fn list() -> String {
    let mut text = "Templates\n".to_owned();
    for template in &TEMPLATES {
        text.push_str(&format!("  {:34}{}\n", template.name, template.words));
    }
    text.push_str("\nWays to break a token, with what it then breaks (access, self-made, Spine Core)\n");
    for breakage in BREAKAGES {
        let shapes = [Shape::AccessToken, Shape::SelfMade, Shape::SpineCore];
        let rules = shapes.map(|shape| breakage.requirement(shape).unwrap_or("-"));
        text.push_str(&format!("  {:15}{:8}{:8}{:8}{}\n", breakage.name, rules[0], rules[1], rules[2], breakage.words));
    }
    text
}

fn breakage(name: &str) -> Result<&'static Breakage, Failure> {
    Breakage::named(name).ok_or_else(|| {
        let ways: Vec<&str> = BREAKAGES.iter().map(|breakage| breakage.name).collect();
        let why = format!("{name:?} is no way to break one");
        Failure::new(Exit::Usage, "the token was not made", why, format!("choose one of {}", ways.join(", ")))
    })
}

fn from_template(
    args: &Make,
    known: &Known,
    template: &Template,
    breakage: Option<&Breakage>,
) -> Result<String, Failure> {
    let audience = args.audience.clone().or_else(|| known.provider_roots().into_iter().next());
    let audience = audience.ok_or_else(|| missing("whom the token is for", "--audience URL"))?;
    let means = means(args, known, matches!(template.kind, Kind::Access).then_some(Algorithm::Rs256))?;
    let mut draft = match template.kind {
        Kind::Access => access(args, known, audience, &means)?,
        Kind::SelfMade(operation, practitioner) => {
            Draft::self_made(&self_made(args, known, audience, operation, practitioner)?)
        }
        Kind::SpineCore(operation) => {
            Draft::spine_core(&self_made(args, known, audience, operation, true)?, &system(known)?.0)
        }
    };
    draft.signer = means.signer();
    draft.header = draft.signer.header();
    change(&mut draft.claims, &args.claims);
    finished(args, draft, breakage)
}

/// A token of one's own template; its claims are touched only where a flag asks for it.
fn from_file(args: &Make, known: &Known, name: &str, breakage: Option<&Breakage>) -> Result<String, Failure> {
    let text = fs::read_to_string(name).map_err(|error| {
        let why = format!("there is no template of that name, and as a file it cannot be read: {error}");
        Failure::new(Exit::Usage, format!("{name:?} is no template"), why, "see `careslot jwt make --list`")
    })?;
    let substitutions = Substitutions {
        practitioner_id: args.practitioner_id.clone(),
        nhs_number: args.nhs_number.clone(),
        now: now(),
        guid: SystemIds.uuid().to_string(),
        more: args.substitute.clone(),
    };
    let payload = substitutions.apply(&text);
    let means = means(args, known, None)?;
    let signer = means.signer();
    if breakage.is_none() && args.claims.is_empty() {
        let header = Value::Object(signer.header()).to_string();
        return form(args).join(&header, payload.trim_end(), &signer).map_err(|fault| unsigned(&fault));
    }
    let mut claims = templates::claims_of(&payload)?;
    change(&mut claims, &args.claims);
    let shape = Shape::of(&claims);
    finished(args, Draft { header: signer.header(), claims, signer, shape }, breakage)
}

fn finished(args: &Make, draft: Draft<'_>, breakage: Option<&Breakage>) -> Result<String, Failure> {
    let Some(breakage) = breakage else {
        let (header, payload) = (Value::Object(draft.header), Value::Object(draft.claims));
        let joined = form(args).join(&header.to_string(), &payload.to_string(), &draft.signer);
        return joined.map_err(|fault| unsigned(&fault));
    };
    let shape = draft.shape;
    draft.broken(breakage).map_err(|fault| unsigned(&fault))?.ok_or_else(|| {
        let why = format!("--break {} is no fault of a {}", breakage.name, shape.words());
        Failure::new(Exit::Usage, "the token was not made", why, "see `careslot jwt make --list` for what is")
    })
}

fn form(args: &Make) -> Form {
    Form { plain_base64: args.plain_base64, payloads: usize::from(args.payloads) }
}

fn access<'a>(args: &Make, known: &Known, audience: String, means: &'a Means) -> Result<Draft<'a>, Failure> {
    let Means::Key(key, _) = means else {
        return Err(missing("with which key the token is signed", "--key FILE"));
    };
    let issuer = args.issuer.clone().or_else(|| known.issuer());
    let issuer = issuer.ok_or_else(|| missing("who issues the token", "--issuer URL"))?;
    let (jwt, begin) = (&known.config.jwt, now());
    let consumer = known.config.consumer.client_id.clone();
    Ok(Draft::access(
        &AccessClaims {
            tenant: issuer.split('/').any(|segment| segment == jwt.tenant).then(|| jwt.tenant.clone()),
            issuer,
            audience,
            client: args.client.clone().or(consumer).unwrap_or_else(|| "careslot-jwt-make".to_owned()),
            groups: jwt.groups.values().cloned().collect(),
            issued_at: Some(begin - 300),
            not_before: Some(begin - 300),
            expires_at: begin + 3600,
            subject: None,
            token_id: Some(SystemIds.uuid().simple().to_string()),
        },
        key,
    ))
}

fn self_made(
    args: &Make,
    known: &Known,
    audience: String,
    operation: Operation,
    with_practitioner: bool,
) -> Result<SelfMadeClaims, Failure> {
    let consumer = &known.config.consumer;
    let (asid, ods_code) = system(known)?;
    let own_url = format!("https://{asid}.{}.thirdparty.nhs.uk/", ods_code.as_str().to_ascii_lowercase());
    let practitioner = Practitioner {
        id: args.practitioner_id.clone(),
        family: "Synthetic".to_owned(),
        given: vec!["Test".to_owned()],
        prefix: Vec::new(),
        sds_user: None,
        sds_role_profile: None,
        local_identifier: Some((format!("{own_url}Id/user"), args.practitioner_id.clone())),
    };
    Ok(SelfMadeClaims {
        issuer: args.issuer.clone().unwrap_or_else(|| own_url.clone()),
        subject: args.practitioner_id.clone(),
        audience,
        issued_at: now(),
        scope: operation.scope().to_owned(),
        device: Device {
            system: format!("{own_url}Id/device"),
            value: asid.to_string(),
            model: consumer.system_name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        organisation: RequestingOrganisation {
            name: consumer.organisation.clone().unwrap_or_else(|| CONSUMER_ORGANISATION.to_owned()),
            ods_code,
        },
        practitioner: with_practitioner.then_some(practitioner),
    })
}

/// The Consumer's ASID and ODS code; without a network, those that the demo's Consumer has.
fn system(known: &Known) -> Result<(Asid, OdsCode), Failure> {
    let consumer = &known.config.consumer;
    let asid = consumer.asid.clone().map_or_else(|| Asid::parse(CONSUMER_ASID), Ok);
    let ods_code = consumer.ods_code.clone().map_or_else(|| OdsCode::parse(CONSUMER_ODS_CODE), Ok);
    Ok((asid.map_err(|fault| wrong_word(&fault))?, ods_code.map_err(|fault| wrong_word(&fault))?))
}

fn means(args: &Make, known: &Known, usual: Option<Algorithm>) -> Result<Means, Failure> {
    let by_secret = args.secret_file.is_some().then_some(Algorithm::Hs256);
    match args.alg.or(by_secret).or(usual).unwrap_or(Algorithm::Nothing) {
        Algorithm::Nothing => Ok(Means::Nothing),
        Algorithm::Hs256 => {
            let file = args.secret_file.as_deref().ok_or_else(|| missing("the secret", "--secret-file FILE"))?;
            Ok(Means::Secret(pem(file)?.trim_end_matches(['\r', '\n']).as_bytes().to_vec()))
        }
        algorithm => {
            let file = args.key.clone().or_else(|| known.signing_key());
            let file = file.ok_or_else(|| missing("with which key the token is signed", "--key FILE"))?;
            Ok(Means::Key(signing_key(&file)?, algorithm))
        }
    }
}

/// Puts values in the place of claims: JSON where it is some, else text.
fn change(claims: &mut Map<String, Value>, changes: &[(String, String)]) {
    for (name, value) in changes {
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value.clone()));
        claims.insert(name.clone(), value);
    }
}

fn missing(what: &str, flag: &str) -> Failure {
    let cure = format!("say it with {flag}, or name a network with --env or --config");
    Failure::new(Exit::Usage, "the token was not made", format!("nothing says {what}"), cure)
}

fn unsigned(fault: &spine::token::SigningFailed) -> Failure {
    Failure::new(Exit::Internal, "the token was not made", fault.to_string(), "try another key")
}
