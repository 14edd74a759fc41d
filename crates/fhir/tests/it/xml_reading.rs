//! What the XML reader keeps, reports and refuses, and what XML cannot say.

use fhir::IssueKind::{
    EmptyElement, EmptyString, OutOfOrder, UnexpectedAttribute, UnexpectedText, UnknownElement, UnknownResourceType,
    WrongNamespace, WrongShape,
};
use fhir::{IssueKind, Limits, SyntaxKind, xml};

use super::{json_of, read_json, read_xml, told, xml_of};

/// A Slot with this inside.
fn slot(inside: &str) -> String {
    format!("<Slot xmlns=\"http://hl7.org/fhir\">{inside}</Slot>")
}

// covers: HTTP-02
#[test]
fn xml_and_json_make_the_same_tree() {
    let table = [
        (r#"<id value="1"/><status value="free"/>"#, r#"{"resourceType":"Slot","id":"1","status":"free"}"#),
        (r#"<overbooked value="true"/>"#, r#"{"resourceType":"Slot","overbooked":true}"#),
        (
            r#"<identifier id="a"><extension url="u"><valueDecimal value="1.00"/></extension><value value="v"/></identifier>"#,
            r#"{"resourceType":"Slot","identifier":[{"id":"a","extension":[{"url":"u","valueDecimal":1.00}],"value":"v"}]}"#,
        ),
        (
            r#"<status id="s" value="free"><extension url="u"><valueInteger value="-1"/></extension></status>"#,
            r#"{"resourceType":"Slot","status":"free","_status":{"id":"s","extension":[{"url":"u","valueInteger":-1}]}}"#,
        ),
        (
            r#"<status><extension url="u"><valueCode value="x"/></extension></status>"#,
            r#"{"resourceType":"Slot","_status":{"extension":[{"url":"u","valueCode":"x"}]}}"#,
        ),
        (
            r#"<meta><profile value="p"/><profile id="x"/></meta>"#,
            r#"{"resourceType":"Slot","meta":{"profile":["p",null],"_profile":[null,{"id":"x"}]}}"#,
        ),
        (
            r#"<contained><Schedule><id value="s"/></Schedule></contained><contained><Patient><id value="p"/></Patient></contained>"#,
            r#"{"resourceType":"Slot","contained":[{"resourceType":"Schedule","id":"s"},{"resourceType":"Patient","id":"p"}]}"#,
        ),
        (
            "<comment value=\"a&#10;b&#9;c&#13;d&lt;&gt;&amp;&quot;'é😀\"/>",
            "{\"resourceType\":\"Slot\",\"comment\":\"a\\nb\\tc\\rd<>&\\\"'é😀\"}",
        ),
        (
            "<text><status value=\"generated\"/><div xmlns=\"http://www.w3.org/1999/xhtml\" class=\"a\">\n <p>b &amp; <!-- c --><?d e?><![CDATA[<]]>&#233;</p><br/></div></text>",
            r#"{"resourceType":"Slot","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\" class=\"a\">\n <p>b &amp; <!-- c --><?d e?><![CDATA[<]]>&#233;</p><br/></div>"}}"#,
        ),
    ];
    for (inside, as_json) in table {
        let parsed = read_xml(&slot(inside));
        assert_eq!(told(&parsed.issues), [], "{inside}");
        assert_eq!(json_of(&parsed), as_json);
        assert_eq!(xml_of(&parsed), slot(inside));
        let from_json = read_json(as_json);
        assert!(from_json.resource.same_meaning(&parsed.resource));
        assert_eq!(xml_of(&from_json), slot(inside));
    }
}

// covers: HTTP-02
#[test]
fn legal_variants_are_written_in_the_usual_form() {
    let usual = slot(r#"<id value="1"/><comment value="a b"/>"#);
    let table = [
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- a -->\n<Slot xmlns=\"http://hl7.org/fhir\"><!-- b --><id value=\"1\"></id>\n\t<comment value='a\tb' />\r\n</Slot>\n<!-- c -->",
        "\u{FEFF}<?xml version=\"1.0\"?><Slot xmlns='http://hl7.org/fhir'><id value=\"&#49;\"/><comment value=\"a&#x20;b\"/></Slot>",
        "<f:Slot xmlns:f=\"http://hl7.org/fhir\"><f:id value=\"1\"/><f:comment value=\"a\r\nb\"/></f:Slot>",
        "<f:Slot xmlns:f=\"http://hl7.org/fhir\"><id xmlns=\"http://hl7.org/fhir\" value=\"1\"/><f:comment value=\"a b\"/></f:Slot>",
        "<Slot xmlns=\"http://hl7.org/fhir\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"a b\"><id value=\"1\"/><comment value=\"a b\"/></Slot>",
    ];
    for source in table {
        let parsed = read_xml(source);
        assert_eq!(told(&parsed.issues), [], "{source}");
        assert_eq!(xml_of(&parsed), usual, "{source}");
    }
}

/// The inside of a Slot, what is reported of it, and the JSON that it makes.
type Row<'t> = (&'t str, &'t [(IssueKind, &'t str)], &'t str);

// covers: HTTP-13, HTTP-15
#[test]
fn a_wrong_structure_is_reported_and_kept() {
    let table: &[Row] = &[
        (
            r#"<status value="free"/><id value="1"/>"#,
            &[(OutOfOrder, "Slot.id")],
            r#"{"resourceType":"Slot","status":"free","id":"1"}"#,
        ),
        (
            r#"<identifier id="a"/><status value="free"/><identifier id="b"/>"#,
            &[(OutOfOrder, "Slot.identifier[1]")],
            r#"{"resourceType":"Slot","identifier":[{"id":"a"},{"id":"b"}],"status":"free"}"#,
        ),
        (
            r#"<colour value="red"/><id value="1"/><colour value="blue"/><size><x value="1"/></size>"#,
            &[(UnknownElement, "Slot.colour"), (UnknownElement, "Slot.colour"), (UnknownElement, "Slot.size")],
            r#"{"resourceType":"Slot","colour":["red","blue"],"id":"1","size":{"x":"1"}}"#,
        ),
        (r#"<status value="a"/><status value="b"/>"#, &[], r#"{"resourceType":"Slot","status":["a","b"]}"#),
        (r#"<status value=""/>"#, &[(EmptyString, "Slot.status.value")], r#"{"resourceType":"Slot","status":""}"#),
        (r#"<status/>"#, &[(EmptyElement, "Slot.status")], r#"{"resourceType":"Slot","status":null}"#),
        (r#"<schedule/>"#, &[(EmptyElement, "Slot.schedule")], r#"{"resourceType":"Slot","schedule":{}}"#),
        (r#"<contained/>"#, &[(EmptyElement, "Slot.contained[0]")], r#"{"resourceType":"Slot","contained":[null]}"#),
        (
            r#"<overbooked value="yes"/>"#,
            &[(WrongShape, "Slot.overbooked")],
            r#"{"resourceType":"Slot","overbooked":"yes"}"#,
        ),
        (r#"<schedule value="a"/>"#, &[(WrongShape, "Slot.schedule")], r#"{"resourceType":"Slot","schedule":"a"}"#),
        (
            r#"<status value="free" colour="red" xml:lang="en"/>"#,
            &[(UnexpectedAttribute, "Slot.status.colour"), (UnexpectedAttribute, "Slot.status.xml:lang")],
            r#"{"resourceType":"Slot","status":"free","_status":{"@colour":"red","@xml:lang":"en"}}"#,
        ),
        (
            r#"<resourceType value="a"/><_status value="b"/><status value="c" id="d"/>"#,
            &[
                (UnknownElement, "Slot.{http://hl7.org/fhir}resourceType"),
                (UnknownElement, "Slot.{http://hl7.org/fhir}_status"),
            ],
            r#"{"resourceType":"Slot","{http://hl7.org/fhir}resourceType":"a","{http://hl7.org/fhir}_status":"b","status":"c","_status":{"id":"d"}}"#,
        ),
        (
            r#"<schedule><id value="a"/></schedule>"#,
            &[(WrongShape, "Slot.schedule.id")],
            r#"{"resourceType":"Slot","schedule":{"id":"a"}}"#,
        ),
        (
            r#"text<status value="free"/><![CDATA[more]]>&amp;"#,
            &[(UnexpectedText, "Slot"), (UnexpectedText, "Slot"), (UnexpectedText, "Slot")],
            r##"{"resourceType":"Slot","#text":"textmore&","status":"free"}"##,
        ),
        (
            r#"<contained><RelatedPerson><id value="r"/><active value="true"/></RelatedPerson></contained>"#,
            &[(UnknownResourceType, "Slot.contained[0]")],
            r#"{"resourceType":"Slot","contained":[{"resourceType":"RelatedPerson","id":"r","active":"true"}]}"#,
        ),
        (
            r#"<contained id="x"><Slot/><Schedule/></contained>"#,
            &[(UnexpectedAttribute, "Slot.contained[0]"), (WrongShape, "Slot.contained[0]")],
            r#"{"resourceType":"Slot","contained":[{"resourceType":"Slot"},{"resourceType":"Schedule"}]}"#,
        ),
        (
            r#"<o:status xmlns:o="urn:other" o:a="1" value="free"><o:b/></o:status>"#,
            &[(UnknownElement, "Slot.{urn:other}status")],
            r#"{"resourceType":"Slot","{urn:other}status":"free","_{urn:other}status":{"@{urn:other}a":"1","{urn:other}b":{}}}"#,
        ),
        (
            r#"<text><status value="generated"/><div>a</div></text>"#,
            &[(WrongNamespace, "Slot.text.div")],
            r#"{"resourceType":"Slot","text":{"status":"generated","div":"<div>a</div>"}}"#,
        ),
        (
            r#"<text><div value="&lt;b>"/></text>"#,
            &[(WrongShape, "Slot.text.div")],
            r#"{"resourceType":"Slot","text":{"div":"<b>"}}"#,
        ),
    ];
    for (inside, issues, as_json) in table {
        let parsed = read_xml(&slot(inside));
        assert_eq!(told(&parsed.issues), *issues, "{inside}");
        assert_eq!(json_of(&parsed), *as_json, "{inside}");
        let again = read_xml(&xml_of(&parsed));
        let differences = again.resource.differences(&parsed.resource, &[]);
        assert!(differences.is_empty(), "{inside} became {}: {differences:?}", xml_of(&parsed));
    }
}

#[test]
fn a_resource_without_its_namespace_is_reported_once() {
    let parsed = read_xml(r#"<Slot><id value="1"/><schedule><reference value="a"/></schedule></Slot>"#);
    assert_eq!(told(&parsed.issues), [(WrongNamespace, "Slot")]);
    assert_eq!(xml_of(&parsed), slot(r#"<id value="1"/><schedule><reference value="a"/></schedule>"#));
    let parsed = read_xml(r#"<Slot xmlns="urn:other"><id value="1"/></Slot>"#);
    assert_eq!(told(&parsed.issues), [(WrongNamespace, "Slot"), (UnknownResourceType, "Slot")]);
    assert_eq!(xml_of(&parsed), r#"<Slot xmlns="urn:other"><id value="1"/></Slot>"#);
}

#[test]
fn a_narrative_brings_its_namespaces_along() {
    let source = concat!(
        r#"<f:Slot xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:x="urn:&amp;">"#,
        r#"<f:text><f:status value="generated"/><h:div><h:p>a</h:p></h:div></f:text></f:Slot>"#
    );
    let parsed = read_xml(source);
    assert_eq!(told(&parsed.issues), []);
    let div = parsed.resource.find("text.div").and_then(fhir::Node::text);
    assert_eq!(div, Some(r#"<h:div xmlns:h="http://www.w3.org/1999/xhtml"><h:p>a</h:p></h:div>"#));
    assert_eq!(told(&read_xml(&xml_of(&parsed)).issues), []);
}

#[test]
fn elements_are_written_in_the_order_of_the_standard() {
    let parsed = read_json(
        r#"{"resourceType":"Slot","status":"free","near":1,"id":"1","schedule":{"display":"d","reference":"r","id":"i"}}"#,
    );
    assert_eq!(
        xml_of(&parsed),
        slot(concat!(
            r#"<id value="1"/><schedule id="i"><reference value="r"/><display value="d"/></schedule>"#,
            r#"<status value="free"/><near value="1"/>"#
        ))
    );
}

#[test]
fn what_xml_cannot_say_is_left_out_or_replaced() {
    let table = [
        (r#"{"resourceType":"Slot","a b":1,"c:d":2,"":3,"<x":4,"xmlns":"e"}"#, slot(r#"<xmlns value="e"/>"#)),
        (
            "{\"resourceType\":\"Slot\",\"comment\":\"a\\u0000b\\u001f\u{FFFE}\u{FEFE}\"}",
            slot("<comment value=\"a\u{FFFD}b\u{FFFD}\u{FFFD}\u{FEFE}\"/>"),
        ),
        (r#"{"resourceType":"Slot","identifier":[],"status":null}"#, slot("<status/>")),
        (r#"{"resourceType":"Slot","text":{"div":"no <div>"}}"#, slot(r#"<text><div value="no &lt;div&gt;"/></text>"#)),
        (r#"{"resourceType":"Slot","contained":[{"id":"1"}]}"#, slot(r#"<contained><id value="1"/></contained>"#)),
        (r#"{"id":"1"}"#, r#"<Resource xmlns="http://hl7.org/fhir"><id value="1"/></Resource>"#.to_owned()),
        (
            r#"{"resourceType":"a b","id":"1"}"#,
            r#"<Resource xmlns="http://hl7.org/fhir"><resourceType value="a b"/><id value="1"/></Resource>"#.to_owned(),
        ),
    ];
    for (source, written) in table {
        assert_eq!(xml_of(&read_json(source)), written, "{source}");
    }
}

// covers: HTTP-02
#[test]
fn broken_xml_is_refused_with_its_place() {
    use SyntaxKind::{Forbidden, Malformed};
    let table = [
        ("", Malformed, 1, 1, "ends here"),
        ("text", Malformed, 1, 1, "got text"),
        ("<!-- a -->", Malformed, 1, 11, "ends here"),
        ("<Slot>", Malformed, 1, 7, "ends here"),
        ("<Slot/><Slot/>", Malformed, 1, 8, "nothing more"),
        ("<Slot/>text", Malformed, 1, 8, "got text"),
        ("<Slot/>&amp;", Malformed, 1, 8, "got text"),
        ("<Slot><id></Slot>", Malformed, 1, 11, "not well-formed"),
        ("<Slot></Slot", Malformed, 1, 7, "not well-formed"),
        ("</Slot>", Malformed, 1, 1, "not well-formed"),
        ("<Slot <id/></Slot>", Malformed, 1, 7, "name of an attribute"),
        ("<Slot>\n <id value=1/></Slot>", Malformed, 2, 12, "quotes"),
        ("<Slot>\n <id value='1' value='2'/></Slot>", Malformed, 2, 16, "twice"),
        ("<Slot><id value='a<b'/></Slot>", Malformed, 1, 19, "&lt;"),
        ("<Slot><id value='&eacute;'/></Slot>", Forbidden, 1, 18, "only &amp;"),
        ("<Slot>&eacute;</Slot>", Forbidden, 1, 7, "only &amp;"),
        ("<Slot><id value='&#1;'/></Slot>", Forbidden, 1, 18, "only &amp;"),
        ("<Slot><1/></Slot>", Malformed, 1, 7, "name of an element"),
        ("<a:Slot/>", Malformed, 1, 1, "not declared"),
        ("<Slot a:b='1'/>", Malformed, 1, 7, "not declared"),
        ("<Slot xmlns:a='u' xmlns:b='u' a:c='1' b:c='2'/>", Malformed, 1, 39, "two prefixes"),
        ("<Slot xmlns:a=''/>", Malformed, 1, 7, "cannot be declared"),
        ("<Slot>a]]>b</Slot>", Malformed, 1, 8, "]]&gt;"),
        ("<Slot><!-- a -- b --></Slot>", Malformed, 1, 14, "not well-formed"),
        ("<!DOCTYPE Slot><Slot/>", Forbidden, 1, 1, "DTD"),
        (
            "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><Slot><id value='&b;'/></Slot>",
            Forbidden,
            1,
            1,
            "DTD",
        ),
        ("<?pi a?><Slot/>", Forbidden, 1, 1, "processing instructions"),
        ("<Slot><?pi a?></Slot>", Forbidden, 1, 7, "processing instructions"),
        ("<Slot/><?pi a?>", Forbidden, 1, 8, "processing instructions"),
        (" <?xml version='1.0'?><Slot/>", Malformed, 1, 2, "very beginning"),
        ("<?xml version='1.1'?><Slot/>", Malformed, 1, 1, "1.0"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><Slot/>", Malformed, 1, 1, "UTF-8"),
        ("<Slot><id value='\u{1}'/></Slot>", Malformed, 1, 18, "cannot hold"),
        ("<Slot><id value='\u{FFFE}'/></Slot>", Malformed, 1, 18, "cannot hold"),
        (
            "<Slot><text><div xmlns='http://www.w3.org/1999/xhtml'>&nbsp;</div></text></Slot>",
            Forbidden,
            1,
            55,
            "only &amp;",
        ),
        (
            "<Slot><text><div xmlns='http://www.w3.org/1999/xhtml'><p></div></text></Slot>",
            Malformed,
            1,
            58,
            "not well-formed",
        ),
    ];
    for (source, kind, line, column, reason) in table {
        let error = xml::read(source.as_bytes(), &Limits::STRICT).map(|parsed| parsed.issues).unwrap_err();
        assert_eq!((error.kind, error.line, error.column), (kind, line, column), "{source}: {error}");
        assert!(error.reason.contains(reason), "{source}: {error}");
    }
    assert!(xml::read(b"<Slot \xff/>", &Limits::STRICT).is_err());
}

#[test]
fn what_crosses_a_limit_is_refused() {
    let deep = |levels: usize| format!("<Slot>{}{}</Slot>", "<a>".repeat(levels), "</a>".repeat(levels));
    let attributes: String = (0..200).map(|number| format!(" a{number}=''")).collect();
    let prefixes: String = (0..100).map(|number| format!(" xmlns:a{number}='u'")).collect();
    // Narratives that each repeat every namespace around them.
    let names: String = (0..60).map(|number| format!(" xmlns:p{number}='{}'", "u".repeat(190))).collect();
    let uses: String = (0..60).map(|number| format!("p{number}:")).collect();
    let bomb = format!("<Slot{names}>{}</Slot>", format!("<text><div>{uses}</div></text>").repeat(1000));
    let table = [
        (deep(63), Ok(())),
        (deep(64), Err(SyntaxKind::TooLarge)),
        (deep(100_000), Err(SyntaxKind::TooLarge)),
        (format!("<Slot>{}</Slot>", "<a/>".repeat(100_000)), Err(SyntaxKind::TooLarge)),
        (format!("<Slot{attributes}/>"), Err(SyntaxKind::TooLarge)),
        (format!("<Slot{prefixes}/>"), Err(SyntaxKind::TooLarge)),
        (format!("<Slot xmlns='{}'/>", "u".repeat(300)), Err(SyntaxKind::TooLarge)),
        (bomb, Err(SyntaxKind::TooLarge)),
        (format!("<Slot><id value='{}'/></Slot>", "x".repeat(5 << 20)), Err(SyntaxKind::TooLarge)),
    ];
    for (index, (source, expected)) in table.iter().enumerate() {
        let got = xml::read(source.as_bytes(), &Limits::STRICT).map(|_| ()).map_err(|error| error.kind);
        assert_eq!(got, *expected, "row {index}");
    }
}

#[test]
fn pretty_xml_says_the_same() {
    let source = slot(
        r#"<text><div xmlns="http://www.w3.org/1999/xhtml"> <p/> </div></text><schedule><reference value="a"/></schedule>"#,
    );
    let parsed = read_xml(&source);
    let pretty = String::from_utf8(xml::write_pretty(&parsed.resource)).unwrap();
    assert!(pretty.contains("\n  <schedule>\n    <reference value=\"a\"/>\n  </schedule>\n</Slot>\n"), "{pretty}");
    assert_eq!(xml_of(&read_xml(&pretty)), source);
}

#[test]
fn a_node_knows_where_its_tag_was() {
    let parsed = read_xml("<Slot xmlns='http://hl7.org/fhir'>\n  <meta>\n    <profile value='p'/>\n  </meta>\n</Slot>");
    assert_eq!(parsed.resource.find("meta.profile").map(fhir::Node::at), Some(48));
}
