//! Servers in processes of their own, so that their CPU time and memory can be told apart from the load generator's.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::load::Fault;

/// A child process that ends with the measurement.
pub(crate) struct Part(Child);

impl Part {
    /// Starts this program again, to serve one part out of a folder.
    pub(crate) fn start(part: &str, folder: &Path) -> std::io::Result<Self> {
        command(part, folder)?.spawn().map(Self)
    }

    /// The same for a part that chooses its own port, and tells it.
    pub(crate) fn start_and_listen(part: &str, folder: &Path) -> Result<(Self, u16), Fault> {
        let mut child = Self(command(part, folder)?.stdout(Stdio::piped()).spawn()?);
        let output = child.0.stdout.take().ok_or("no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let port = line.trim().parse().map_err(|_| format!("{part} did not start"))?;
        Ok((child, port))
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

fn command(part: &str, folder: &Path) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--serve").arg(part).arg(folder).stdin(Stdio::null());
    Ok(command)
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// CPU time of a process and its living children, in seconds.
pub(crate) fn cpu_seconds(process: u32) -> f64 {
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let children: f64 = children.split_whitespace().filter_map(|child| child.parse().ok()).map(own_cpu_seconds).sum();
    own_cpu_seconds(process) + children
}

/// CPU time of a process alone, in seconds.
pub(crate) fn own_cpu_seconds(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // utime and stime, in hundredths of a second on every Linux.
    let field = |number: usize| fields.get(number).and_then(|field| field.parse().ok()).unwrap_or(0.0);
    (field(11) + field(12)) / 100.0
}

/// The highest resident memory of a process, in kilobytes.
pub(crate) fn peak_memory(process: u32) -> Option<f64> {
    memory(process, "VmHWM:")
}

/// The resident memory of a process, in kilobytes.
pub(crate) fn resident_memory(process: u32) -> Option<f64> {
    memory(process, "VmRSS:")
}

fn memory(process: u32, name: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
