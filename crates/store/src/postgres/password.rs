//! Finding a password in the text of a PGPASSFILE, as libpq does.

use std::str::FromStr;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// The password that the text of a PGPASSFILE holds for this URL: the first line `host:port:database:user:password` whose fields are
/// equal or `*`. A colon or backslash inside a field has a backslash before it. Whoever calls this reads the file.
pub fn password_from(pgpassfile: &str, url: &str) -> Option<String> {
    let config = Config::from_str(url).ok()?;
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        // libpq looks a socket in the usual folder up as localhost; a folder given by name, by its name.
        #[cfg(unix)]
        Some(Host::Unix(folder)) => folder.to_string_lossy().into_owned(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let user = config.get_user().unwrap_or_default();
    let wanted = [host.as_str(), &port, config.get_dbname().unwrap_or(user), user];
    pgpassfile.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut fields = fields(line);
        let password = (fields.len() == 5).then(|| fields.remove(4))?;
        let fits = |(field, wanted): (&String, &str)| field == "*" || field == wanted;
        fields.iter().zip(wanted).all(fits).then_some(password)
    })
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            // The password is the rest of the line, colons and all.
            ':' if fields.len() < 5 => fields.push(String::new()),
            letter => {
                let letter = if letter == '\\' { letters.next().unwrap_or('\\') } else { letter };
                fields.last_mut().into_iter().for_each(|field| field.push(letter));
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let file = "# a comment\nother:5432:care:slot:no\nlocalhost:5433:care:slot:wrong port\n\
                    localhost:*:care:slot:a\\:b\\\\c:d\n*:*:*:*:late\nshort:line\n";
        let password = |url| password_from(file, url);
        assert_eq!(password("postgres://slot@localhost:5432/care").as_deref(), Some("a:b\\c:d"));
        assert_eq!(password("postgres://slot@localhost:5433/care").as_deref(), Some("wrong port"));
        assert_eq!(password("postgres://slot@other/care").as_deref(), Some("no"));
        assert_eq!(password("postgres://someone@else.where/care").as_deref(), Some("late"));
        assert_eq!(password("not a url"), None);
        assert_eq!(password_from("", "postgres://slot@localhost/care"), None);
    }
}
