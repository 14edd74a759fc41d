//! The SSP against nginx on the same two mutual-TLS legs: requests a second, CPU time a request, added latency, and a
//! large body. nginx checks nothing; the SSP checks everything and keeps an audit record of each call on disk.

mod load;
mod nginx;
mod parties;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use load::{Load, Outcome, Target};
use parties::Addresses;

/// How often each side is measured; the sides take turns.
const ROUNDS: usize = 5;
/// How long one measurement takes.
const TIME: Duration = Duration::from_secs(3);
/// Connections that are busy at once when throughput is measured.
const CONNECTIONS: usize = 16;

/// What is asked for, and how large the answer is.
const BODIES: [(&str, usize); 2] = [("2 kB", 2_000), ("100 kB", 100_000)];
const LARGE: usize = 64 * 1024 * 1024;

/// Runs the measurement and prints the ratios.
pub(crate) fn run() {
    let Ok(runtime) = tokio::runtime::Runtime::new() else { return eprintln!("proxy: no runtime") };
    if let Err(fault) = runtime.block_on(measure()) {
        eprintln!("proxy: {fault}");
    }
}

/// A party of the measurement in a process of its own, so that its CPU time can be told apart.
pub(crate) fn serve(part: &str, folder: &str) {
    let Ok(runtime) = tokio::runtime::Runtime::new() else { return eprintln!("{part}: no runtime") };
    let served = match part {
        "origin" => runtime.block_on(parties::origin(Path::new(folder))),
        _ => runtime.block_on(parties::ssp(Path::new(folder))),
    };
    if let Err(fault) = served {
        eprintln!("{part}: {fault}");
    }
}

async fn measure() -> Result<(), load::Fault> {
    let folder = tempfile::tempdir()?;
    let addresses = Addresses::free()?;
    parties::write_certificates(folder.path())?;
    addresses.write(folder.path())?;
    let directory = parties::directory(&addresses).await?;
    let _origin = Part::start("origin", folder.path())?;
    let ssp = Part::start("ssp", folder.path())?;
    let nginx = nginx::start(folder.path(), &addresses)?;
    for port in [addresses.origin, addresses.ssp, addresses.nginx] {
        load::wait_for(port).await?;
    }
    let client = load::client(folder.path())?;
    let sides = [
        ("ssp", Target::through_ssp(&addresses), Some(ssp.id())),
        ("nginx", Target::direct(addresses.nginx), Some(nginx.worker()?)),
        ("origin alone", Target::direct(addresses.origin), None),
    ];
    for (name, length) in BODIES {
        let mut outcomes = [(); 3].map(|()| Vec::new());
        for _ in 0..ROUNDS {
            for (outcomes, (_, target, process)) in outcomes.iter_mut().zip(&sides) {
                let load = Load { connections: CONNECTIONS, time: TIME, length };
                outcomes.push(load.run(&client, target, *process).await?);
            }
        }
        let medians = outcomes.map(median);
        println!("proxy, {name} answers, {CONNECTIONS} connections kept, median of {ROUNDS} turns of {TIME:?}");
        for ((side, ..), outcome) in sides.iter().zip(&medians) {
            println!("  {side:14} {:8.0} requests/s  {:6.0} µs CPU/request", outcome.rate, outcome.cpu_micros);
        }
        let [ssp, nginx, _] = &medians;
        println!(
            "  ratio ssp/nginx: throughput {:.2}, CPU per request {:.2}",
            ssp.rate / nginx.rate,
            ssp.cpu_micros / nginx.cpu_micros
        );
    }
    latency(&client, &sides).await?;
    streaming(&client, &sides).await?;
    drop(directory);
    Ok(())
}

/// One call at a time: what the proxy adds to a call straight to the origin.
async fn latency(client: &load::Client, sides: &[(&str, Target, Option<u32>); 3]) -> Result<(), load::Fault> {
    println!("proxy, added latency, one call at a time, 2 kB answers, median of {ROUNDS} turns");
    let mut outcomes = [(); 3].map(|()| Vec::new());
    for _ in 0..ROUNDS {
        for (outcomes, (_, target, _)) in outcomes.iter_mut().zip(sides) {
            let load = Load { connections: 1, time: TIME, length: 2_000 };
            outcomes.push(load.run(client, target, None).await?);
        }
    }
    let [ssp, nginx, origin] = outcomes.map(|rounds| {
        let pick = |quantile: fn(&Outcome) -> f64| {
            let mut values: Vec<f64> = rounds.iter().map(quantile).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        (pick(|outcome| outcome.p50), pick(|outcome| outcome.p99))
    });
    for (name, (p50, p99)) in [("ssp", ssp), ("nginx", nginx)] {
        println!("  {name:14} p50 +{:.3} ms  p99 +{:.3} ms", p50 - origin.0, p99 - origin.1);
    }
    Ok(())
}

/// A body of 64 MiB, and what it does to the SSP's memory.
async fn streaming(client: &load::Client, sides: &[(&str, Target, Option<u32>); 3]) -> Result<(), load::Fault> {
    let mut rates = [(); 2].map(|()| Vec::new());
    for _ in 0..ROUNDS {
        for (rates, (_, target, _)) in rates.iter_mut().zip(sides) {
            let begun = Instant::now();
            load::fetch(client, target, LARGE).await?;
            rates.push(64.0 / begun.elapsed().as_secs_f64());
        }
    }
    let [ssp, nginx] = rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    });
    println!("proxy, one answer of 64 MiB, median of {ROUNDS} turns");
    println!("  ssp {ssp:.0} MiB/s, nginx {nginx:.0} MiB/s, ratio {:.2}", ssp / nginx);
    if let Some(kilobytes) = sides[0].2.and_then(load::peak_memory) {
        println!("  the SSP's peak memory over the whole run: {:.1} MiB", kilobytes / 1024.0);
    }
    Ok(())
}

fn median(mut outcomes: Vec<Outcome>) -> Outcome {
    outcomes.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    outcomes.swap_remove(outcomes.len() / 2)
}

/// A child process that ends with the measurement.
struct Part(Child);

impl Part {
    fn start(part: &str, folder: &Path) -> std::io::Result<Self> {
        let program = std::env::current_exe()?;
        let mut command = Command::new(program);
        command.arg("--serve").arg(part).arg(folder).stdin(Stdio::null());
        command.spawn().map(Self)
    }

    fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
