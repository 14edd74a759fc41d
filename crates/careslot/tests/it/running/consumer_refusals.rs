//! Refusals made on purpose, as the terminal shows them: what was refused, by whom, which rule, and what to do next. Those of a Slot
//! that is taken and of a version that is stale stand in `verbs`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use insta::assert_snapshot;

use super::refused_tokens::Forger;
use super::verbs::bound;
use super::{Demo, run};

/// Gives everybody the token in its first argument, as a token endpoint would.
const GIVER: &str = r#"
import http.server, json, ssl, sys
class Giver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"token_type": "Bearer", "expires_in": 3599, "access_token": sys.argv[1]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Giver)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
"#;

struct Giving(Child, String);

impl Giving {
    fn start(demo: &Demo, token: &str) -> Self {
        let file = |name: &str| demo.folder.join(".careslot").join(name);
        let mut child = Command::new("python3")
            .args(["-c", GIVER, token])
            .args([file("token-server.pem"), file("token-server.key")])
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 runs");
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self(child, format!("https://localhost:{}/oauth2/token", port.trim()))
    }
}

impl Drop for Giving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

// covers: CON-15, SSP-133, JWT-16
#[test]
fn an_expired_token_is_told_with_its_rule_and_cure() {
    let demo = Demo::shared();
    let token = Forger::of(demo, &demo.text("/provider/endpoint")).expired();
    let giving = Giving::start(demo, &token);
    demo.environment_file("expired-token.json", "/token/endpoint", &giving.1);
    let seen = demo.careslot("slots 918999198999 --from tomorrow --to tomorrow --env .careslot/expired-token.json");
    let _bound = bound();
    assert_snapshot!(seen.whole(), @"
    exit 1
    --- stdout
    --- stderr
    error: the Provider refused with 403 ACCESS DENIED
      The token has expired: the token expired at [seconds], and now is [seconds] (seconds since 1970). [JWT-16]
      Get a new token
    ");
}

// covers: CON-15, SSP-133, SSP-43
#[test]
fn an_asid_that_is_somebody_elses_is_told_with_its_rule_and_cure() {
    let demo = Demo::shared();
    demo.environment_file("wrong-asid.json", "/consumer/asid", &demo.text("/second_consumer/asid"));
    let seen = demo.careslot("slots 918999198999 --from tomorrow --to tomorrow --env .careslot/wrong-asid.json");
    assert_snapshot!(seen.whole(), @"
    exit 1
    --- stdout
    --- stderr
    error: the SSP refused with 403 ASID_CHECK_FAILED
      ASID_CHECK_FAILED_MESSAGESENDER_200000000360. The client certificate does not belong to Ssp-From. [SSP-43]
      Present the certificate that is registered for this ASID
    ");
}

// covers: CON-15, SSP-133, SSP-80, SSP-131
#[test]
fn a_provider_that_is_down_is_told_by_the_proxy() {
    // In 2.0.4 the Consumer makes its own token, so that no token endpoint has to know the address.
    let demo = Demo::start(&["--dialect", "2.0.4"], &[]);
    let exported = demo.careslot("sds export");
    assert_eq!(exported.exit, 0, "{exported:?}");
    let root = demo.text("/provider/endpoint");
    let port = root.trim_start_matches("https://localhost:").split('/').next().unwrap();
    let moved = exported.stdout.replace(&format!("localhost:{port}/"), "localhost:9/");
    assert_ne!(moved, exported.stdout);
    fs::write(demo.folder.join("moved.ldif"), moved).unwrap();
    let imported = demo.careslot("sds import moved.ldif --replace");
    assert_eq!(imported.exit, 0, "{imported:?}");
    // The proxy keeps what the directory said for a while.
    let purge = format!("{}/sds-cache/purge", demo.text("/operations/ssp"));
    assert_eq!(run("curl", &["-sf", "-X", "POST", &purge], &demo.folder, &[], "").exit, 0);
    let seen = demo.careslot("slots 918999198999 --from tomorrow --to tomorrow");
    let _bound = bound();
    assert_snapshot!(seen.whole(), @"
    exit 1
    --- stdout
    --- stderr
    error: the SSP refused with 502 INTERNAL_SERVER_ERROR
      ERROR_COMMUNICATING_TO_ENDPOINT_URL_https://localhost:[port]/STU3/2/demo/Slot. The Provider cannot be reached: the connection was refused. [SSP-80]
      Try again later, at most three times
    ");
}
