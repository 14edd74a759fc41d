//! FHIRPath as STU3's definitions use it: an expression is read once and evaluated on nodes of the tree.

mod evaluate;
mod functions;
mod parse;
mod value;

pub(crate) use evaluate::{Around, Trouble, holds};
pub(crate) use parse::{Expression, parse};

#[cfg(test)]
mod tests {
    use super::{Around, Trouble, holds, parse};
    use fhir::Node;

    fn slot() -> Node {
        let source =
            br##"{"resourceType":"Slot","id":"s1","overbooked":true,"comment":"Abc","identifier":[{"value":"1"},
            {"value":"2"},{"system":"x","value":"2"}],"start":"2024-05-01T10:00:00+01:00","end":"2024-05-01T09:00:00Z",
            "extension":[{"url":"u","valueQuantity":{"value":1.50}},{"url":"v","valueDate":"2024"}],
            "schedule":{"reference":"#a"}}"##;
        fhir::json::read(source, &fhir::Limits::STRICT).expect("well-formed").resource
    }

    fn on_slot(text: &str) -> Result<bool, Trouble> {
        let slot = slot();
        holds(&parse(text).expect(text), &slot, Around { resource: &slot, bundle: None }, &mut 0)
    }

    // covers: VAL-05
    #[test]
    fn expressions_hold_or_do_not() {
        let table: &[(&str, bool)] = &[
            ("id = 's1'", true),
            ("Slot.id = 's1' and overbooked", true),
            ("overbooked.not()", false),
            ("identifier.count() = 3 and identifier.value.isDistinct().not()", true),
            ("identifier.value.distinct().count() = 2", true),
            ("identifier.where(system.exists()).value = '2'", true),
            ("identifier[1].value = '2' and identifier.first().value = '1'", true),
            ("identifier.all(value.exists())", true),
            ("identifier.exists(value = '3')", false),
            ("(identifier | identifier).count() = 3", true),
            ("start = end and start <= end", true),
            ("extension('u').value.value > 1.5", false),
            ("extension('u').value.value >= 1.500 and extension.value.is(Quantity).not()", true),
            ("extension[1].value.is(date) and extension[1].value.as(date) = '2024'", true),
            ("extension[1].value <= @2024-05", true),
            ("comment.startsWith('A') and comment.contains('bc') and comment.length() = 3", true),
            ("comment.substring(1) = 'bc' and comment.substring(1, 1) = 'b' and comment.upper() = 'ABC'", true),
            ("comment ~ 'ABC' and comment != 'ABC'", true),
            ("'#a' in %resource.descendants().reference", true),
            ("schedule.reference.substring(1).trace('x') in %resource.contained.id", false),
            ("'a' + 'b' = 'ab' and (id & serviceType) = 's1'", true),
            ("1 + 2 * 3 = 7 and 5 - 2 = 3 and -1 < 0", true),
            ("1 / 4 = 0.25 and 7 div 2 = 3 and 7 mod 2 = 1 and -7 mod 2 = -1 and (1 / 0).empty()", true),
            ("1.5 div 0.4 = 3 and 1.5 mod 0.4 = 0.3 and 2 / 3 > 0.66 and (1 mod 0).empty()", true),
            ("extension.repeat(children()).where(is(Quantity)).value = 1.5", true),
            ("schedule.resolve().empty() and '#'.resolve().id = 's1'", true),
            ("{}.empty() and status.empty()", true),
            ("status = 'free'", true),
            ("false implies status", true),
            ("true xor false", true),
            ("(status in ('a' | 'b'))", true),
            ("id in ('s1' | 'b') and ('s1' | 'b') contains id", true),
            ("iif(overbooked, id, comment) = 's1'", true),
            ("'12'.toInteger() = 12 and 12.toString() = '12'", true),
            ("hasValue() | (children().count() > id.count())", true),
            ("%ucum = 'http://unitsofmeasure.org' and %vs-x = 'http://hl7.org/fhir/ValueSet/x'", true),
        ];
        for (text, expected) in table {
            assert_eq!(on_slot(text), Ok(*expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_supported_is_named() {
        assert_eq!(on_slot("comment.matches('a')"), Err(Trouble::Unsupported("matches()".into())));
        assert_eq!(on_slot("%unknown"), Err(Trouble::Unsupported("%unknown".into())));
        let elsewhere = Trouble::Unsupported("resolve() of a reference to elsewhere".into());
        assert_eq!(on_slot("'Slot/1'.resolve().exists()"), Err(elsewhere));
    }

    // covers: VAL-05
    #[test]
    fn references_are_resolved_within_the_resource_and_its_bundle() {
        let source = br##"{"resourceType":"Bundle","type":"collection","entry":[
            {"fullUrl":"https://a.example/Slot/s1","resource":{"resourceType":"Slot","id":"s1","schedule":{"reference":"Schedule/d"},
                "contained":[{"resourceType":"Location","id":"l"}],"extension":[{"url":"u","valueReference":{"reference":"#l"}}]}},
            {"fullUrl":"https://a.example/Schedule/d","resource":{"resourceType":"Schedule","id":"d"}}]}"##;
        let bundle = fhir::json::read(source, &fhir::Limits::STRICT).expect("well-formed").resource;
        let slot = bundle.find("entry.resource").expect("a resource");
        for (text, expected) in [
            ("schedule.resolve() is Schedule", true),
            ("schedule.resolve().id = 'd'", true),
            ("schedule.reference.resolve().id = 'd'", true),
            ("extension.value.resolve() is Location", true),
            ("'https://a.example/Slot/s1'.resolve().contained.exists()", true),
            ("'#none'.resolve().exists()", false),
        ] {
            let around = Around { resource: slot, bundle: Some(&bundle) };
            assert_eq!(holds(&parse(text).expect(text), slot, around, &mut 0), Ok(expected), "{text}");
        }
    }

    #[test]
    fn an_expression_that_costs_too_much_is_stopped() {
        let mut text = "descendants()".to_owned();
        for _ in 0..6 {
            text = format!("descendants().select(%resource.{text})");
        }
        assert_eq!(on_slot(&text), Err(Trouble::TooCostly));
    }
}
