//! Figures from many tries.

use std::time::Duration;

/// The middle of `values`.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// The least and the greatest of `values`.
#[must_use]
pub fn range(values: &[f64]) -> (f64, f64) {
    let fold = |start, pick: fn(f64, f64) -> f64| values.iter().copied().fold(start, pick);
    (fold(f64::INFINITY, f64::min), fold(f64::NEG_INFINITY, f64::max))
}

/// The `part` (0 to 1) of `sorted` waits, in milliseconds.
#[must_use]
pub fn percentile(sorted: &[Duration], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let at = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(at.saturating_sub(1).min(last)).map_or(f64::NAN, |wait| wait.as_secs_f64() * 1e3)
}

/// Two-sided p of the Mann-Whitney U test by the normal approximation with correction for ties
/// and continuity (Mann and Whitney 1947); good for 200 values a side.
#[must_use]
pub fn mann_whitney(one: &[f64], other: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> =
        one.iter().map(|it| (*it, true)).chain(other.iter().map(|it| (*it, false))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (n, m, total) = (one.len() as f64, other.len() as f64, all.len() as f64);
    let (mut ranks, mut ties, mut place) = (0.0, 0.0, 0.0);
    for equal in all.chunk_by(|a, b| a.0 == b.0) {
        let length = equal.len() as f64;
        let rank = place + f64::midpoint(length, 1.0);
        ranks += rank * equal.iter().filter(|(_, is_one)| *is_one).count() as f64;
        ties += length.powi(3) - length;
        place += length;
    }
    let u = ranks - n * (n + 1.0) / 2.0;
    let deviation = (n * m / 12.0 * ((total + 1.0) - ties / (total * (total - 1.0)))).sqrt();
    let z = ((u - n * m / 2.0).abs() - 0.5).max(0.0) / deviation;
    erfc(z / std::f64::consts::SQRT_2)
}

/// The complementary error function for `x` ≥ 0, to a part in 10⁷: Chebyshev's fit (Numerical
/// Recipes, section 6.2).
fn erfc(x: f64) -> f64 {
    const FIT: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let t = 1.0 / (1.0 + 0.5 * x);
    let sum = FIT.iter().rev().fold(0.0, |sum, factor| sum * t + factor);
    t * (-x * x + sum).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_ends() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(range(&[2.0, 1.0, 3.0]), (1.0, 3.0));
        let waits: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(percentile(&waits, 0.99), 99.0);
    }

    /// The value was reckoned by the formula with another language's `erfc`.
    #[test]
    fn the_test_agrees_with_a_known_one() {
        let x: Vec<f64> = (1..=20).map(f64::from).collect();
        let y: Vec<f64> = (11..=30).map(f64::from).collect();
        assert!((mann_whitney(&x, &y) - 5.2125e-5).abs() < 1e-8, "{}", mann_whitney(&x, &y));
        assert!((mann_whitney(&x, &x) - 1.0).abs() < 1e-6);
    }
}
