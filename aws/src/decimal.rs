//! [`Decimal`]: a number that may have a fraction. Whole numbers are all that plans and records know, so that it is text there.

use std::fmt;

use formwork_engine::{Expr, Field, Input, IntoInput, Mismatch, Shape, Value};

/// A number such as `80` or `0.5`, in its shortest form: two that are equal are the same text.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Decimal(f64);

impl Decimal {
    /// A finite number; what is not, such as infinity, counts as 0.
    pub fn new(number: f64) -> Self {
        // The sum takes the sign from a zero.
        Self(if number.is_finite() { number + 0.0 } else { 0.0 })
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Field for Decimal {
    const SHAPE: Shape = Shape::Text;

    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn from_value(value: &Value) -> Result<Self, Mismatch> {
        let number = value.as_text().and_then(|text| text.parse().ok()).filter(|number: &f64| number.is_finite());
        number.map(Self::new).ok_or_else(|| Mismatch::new("a number", value))
    }
}

formwork_engine::accepts_itself!(Decimal);

impl IntoInput<Decimal> for f64 {
    fn into_input(self) -> Input<Decimal> {
        Input::of(Expr::text(Decimal::new(self).to_string()))
    }
}

impl IntoInput<Decimal> for i32 {
    fn into_input(self) -> Input<Decimal> {
        f64::from(self).into_input()
    }
}

/// As generated code has it.
impl IntoInput<Decimal> for &str {
    fn into_input(self) -> Input<Decimal> {
        let number = self.parse().map(Decimal::new);
        Input::of(number.map_or_else(|_| Expr::text(self), |number| Expr::text(number.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_are_the_same_text() {
        for (number, text) in [(80.0, "80"), (0.5, "0.5"), (-0.0, "0"), (1e9, "1000000000"), (f64::NAN, "0")] {
            assert_eq!(Decimal::new(number).to_string(), text);
        }
        assert_eq!(Decimal::from_value(&Value::from("0.50")).unwrap().to_string(), "0.5");
        assert!(Decimal::from_value(&Value::from("much")).is_err());
    }
}
