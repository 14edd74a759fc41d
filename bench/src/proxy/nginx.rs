//! nginx in a private folder: two workers, mutual TLS on both legs with the SSP's own suite, connections kept on both.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::parties::Addresses;

pub(super) struct Nginx(Child);

/// Where nginx is, if it is installed.
pub(super) fn program() -> Option<&'static Path> {
    ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"].map(Path::new).into_iter().find(|path| path.exists())
}

pub(super) fn start(program: &Path, folder: &Path, addresses: &Addresses) -> std::io::Result<Nginx> {
    let configuration = format!(
        "daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
  access_log {folder}/nginx-access.log;
  client_body_temp_path {folder}/nginx-body; proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-f; uwsgi_temp_path {folder}/nginx-u; scgi_temp_path {folder}/nginx-s;
  upstream origin {{ server 127.0.0.1:{origin}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{nginx} ssl; server_name localhost; keepalive_requests 100000000;
    ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key;
    ssl_client_certificate {folder}/ca.pem; ssl_verify_client on; ssl_crl {folder}/ca.crl;
    ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES256-GCM-SHA384; ssl_prefer_server_ciphers on;
    location / {{
      proxy_pass https://origin; proxy_http_version 1.1; proxy_set_header Connection \"\";
      proxy_set_header Host localhost:{origin}; proxy_buffering on;
      proxy_ssl_certificate {folder}/ssp.pem; proxy_ssl_certificate_key {folder}/ssp.key;
      proxy_ssl_trusted_certificate {folder}/ca.pem; proxy_ssl_verify on; proxy_ssl_name localhost;
      proxy_ssl_protocols TLSv1.2; proxy_ssl_ciphers ECDHE-RSA-AES256-GCM-SHA384;
    }}
  }}
}}
",
        folder = folder.display(),
        origin = addresses.origin,
        nginx = addresses.nginx,
    );
    let file = folder.join("nginx.conf");
    std::fs::write(&file, configuration)?;
    let mut command = Command::new(program);
    command
        .arg("-p")
        .arg(folder)
        .arg("-c")
        .arg(file)
        .arg("-e")
        .arg(folder.join("nginx-error.log"))
        .stdin(Stdio::null());
    command.spawn().map(Nginx)
}

impl Nginx {
    /// The master's process id; the CPU time of its workers is counted with it.
    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // A killed master leaves its workers behind; SIGTERM ends them too.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}
