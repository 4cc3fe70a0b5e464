//! The table.

use std::fmt;

use crate::statistics::{median, range};

/// Which way is better, and where goal and floor lie.
#[derive(Clone, Copy, Debug)]
pub enum Aim {
    /// At least: goal, floor.
    AtLeast(f64, f64),
    /// At most: goal, floor.
    AtMost(f64, f64),
    /// Only told.
    Told,
}

/// One line of the table.
#[derive(Debug)]
pub struct Line {
    /// What was measured, against what.
    pub what: String,
    /// The figure of each round.
    pub figures: Vec<f64>,
    /// Their unit.
    pub unit: &'static str,
    /// What they should be.
    pub aim: Aim,
    /// The absolute figures behind them.
    pub behind: String,
}

impl Line {
    /// Whether the median is worse than the floor.
    #[must_use]
    pub fn is_below_floor(&self) -> bool {
        let median = median(&self.figures);
        match self.aim {
            Aim::AtLeast(_, floor) => median < floor,
            Aim::AtMost(_, floor) => median > floor,
            Aim::Told => false,
        }
    }

    fn verdict(&self) -> &'static str {
        let median = median(&self.figures);
        let reaches_goal = match self.aim {
            Aim::AtLeast(goal, _) => median >= goal,
            Aim::AtMost(goal, _) => median <= goal,
            Aim::Told => return "",
        };
        match (reaches_goal, self.is_below_floor()) {
            (true, _) => "goal",
            (false, false) => "floor",
            (false, true) => "**below**",
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, unit, behind) = (&self.what, self.unit, &self.behind);
        let (least, most) = range(&self.figures);
        let figure = match self.figures.len() {
            1 => format!("{}{unit}", short(median(&self.figures))),
            _ => format!("{}{unit} ({} to {})", short(median(&self.figures)), short(least), short(most)),
        };
        let aim = match self.aim {
            Aim::AtLeast(goal, floor) => format!("≥ {} · ≥ {}{unit}", short(goal), short(floor)),
            Aim::AtMost(goal, floor) => format!("≤ {} · ≤ {}{unit}", short(goal), short(floor)),
            Aim::Told => String::new(),
        };
        write!(f, "| {what} | {figure} | {aim} | {} | {behind} |", self.verdict())
    }
}

/// What stands above the lines.
pub const HEAD: &str =
    "| what | median (range) | goal · floor | reached | behind it |\n| --- | --- | --- | --- | --- |";

/// Three digits that matter.
#[must_use]
pub fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.01 => format!("{value:.2}"),
        _ => format!("{value:.2e}"),
    }
}

/// The medians of several rounds, with the unit that they share.
#[must_use]
pub fn medians(rounds: &[f64], unit: &str) -> String {
    format!("{} {unit}", short(median(rounds)))
}
