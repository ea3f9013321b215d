import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { namedKey, utf8 } from '@sekisho/emulator/kit'
import { EvidenceError } from '../src/core/errors.ts'
import { parseNvidiaRim } from '../src/nvidia/index.ts'
import { canonicalXml } from '../src/nvidia/rim/canonical-xml.ts'
import { parseXml } from '../src/nvidia/rim/xml.ts'
import { checkOf, judge, makeRim, type RimChanges, resource, value } from './nvidia-kit.ts'

const read = (text: string): string => new TextDecoder().decode(canonicalXml(parseXml(utf8(text))))

function refused(text: string, code?: string): void {
  assert.throws(
    () => parseXml(utf8(text)),
    (error: unknown) => error instanceof EvidenceError && (code === undefined || error.code === code),
    text.slice(0, 80),
  )
}

describe('the slice of XML', () => {
  it('canonical form: order, escapes, namespaces, empty elements, line ends', () => {
    assert.equal(read('<a b="1" a="2"/>'), '<a a="2" b="1"></a>')
    assert.equal(read("<a b='x\"y'>&#60;&amp;&gt;\r\n&#13;</a>"), '<a b="x&quot;y">&lt;&amp;&gt;\n&#xD;</a>')
    assert.equal(read('<a b="1\t2\n3&#9;&#10;&#13;"/>'), '<a b="1 2 3&#x9;&#xA;&#xD;"></a>')
    for (const said of [
      'version="1.0" encoding="UTF-8"',
      "version='1.0' encoding='utf-8'",
      'version = "1.0"\n\tencoding=\'UTF-8\' standalone="no" ',
    ])
      assert.equal(read(`<?xml ${said}?>\n<a/>\n`), '<a></a>', said)
    assert.equal(
      read(
        '<z:r xmlns:z="urn:z" xmlns:a="urn:a" xmlns="urn:d"><c xmlns:a="urn:a" z:q="1" p="2" a:q="3"/><a:c xmlns:a="urn:b"/></z:r>',
      ),
      '<z:r xmlns="urn:d" xmlns:a="urn:a" xmlns:z="urn:z"><c p="2" a:q="3" z:q="1"></c><a:c xmlns:a="urn:b"></a:c></z:r>',
    )
    assert.equal(read('<a>é€𝄞</a>'), '<a>é€𝄞</a>')
  })
  const REFUSED: Readonly<Record<string, string>> = {
    'a document type': '<!DOCTYPE a><a/>',
    'an external entity': '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
    'an entity that is not declared': '<a>&x;</a>',
    'a lone ampersand': '<a>a & b</a>',
    'a comment': '<a><!-- x --></a>',
    'a comment behind the root': '<a/><!-- x -->',
    'a processing instruction': '<a><?x y?></a>',
    'a stylesheet': '<?xml-stylesheet href="x"?><a/>',
    CDATA: '<a><![CDATA[x]]></a>',
    'the end of CDATA': '<a>]]></a>',
    'two roots': '<a/><b/>',
    'text behind the root': '<a/>x',
    'text in front of the root': 'x<a/>',
    'another end tag': '<a></b>',
    'no end tag': '<a>',
    'an attribute twice': '<a b="1" b="2"/>',
    'an attribute twice under two prefixes': '<a xmlns:x="urn:x" xmlns:y="urn:x" x:b="1" y:b="2"/>',
    'a namespace twice': '<a xmlns:x="urn:x" xmlns:x="urn:y"/>',
    'an empty namespace': '<a xmlns=""/>',
    'an undeclared prefix': '<x:a/>',
    'an undeclared prefix of an attribute': '<a x:b="1"/>',
    'xml: attributes': '<a xml:base="http://example.org/"/>',
    'the prefix xml': '<a xmlns:xml="urn:x"/>',
    'no quotes': '<a b=1/>',
    'no space between attributes': '<a b="1"c="2"/>',
    'an open quote': '<a b="1/>',
    '< in a value': '<a b="<"/>',
    'a name that is not ASCII': '<é/>',
    'a control character': '<a>\u0001</a>',
    'a reference to one': '<a>&#1;</a>',
    'a reference to a surrogate': '<a>&#xD800;</a>',
    'a reference beyond Unicode': '<a>&#x110000;</a>',
    'another encoding': '<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
    'another encoding in single quotes': "<?xml version='1.0' encoding='UTF-16'?><a/>",
    'a declaration of two kinds of quotes': `<?xml version="1.0'?><a/>`,
    'XML 1.1': '<?xml version="1.1"?><a/>',
    nothing: '',
  }
  for (const [name, text] of Object.entries(REFUSED)) it(`refuses ${name}`, () => refused(text))
  it('refuses bytes that are not UTF-8', () => {
    assert.throws(() => parseXml(Uint8Array.of(0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e)), EvidenceError)
    assert.throws(() => parseXml(Uint8Array.of(0xff, 0xfe, 0x3c, 0x00, 0x61, 0x00)), EvidenceError)
  })
  it('bounds depth, elements, attributes and size', () => {
    refused('<a>'.repeat(13) + '</a>'.repeat(13), 'too-large')
    refused(`<a>${'<b/>'.repeat(8192)}</a>`, 'too-large')
    refused(`<a ${Array.from({ length: 129 }, (_, i) => `b${i}=""`).join(' ')}/>`, 'too-large')
    refused(`<a>${' '.repeat(600_000)}</a>`, 'too-large')
    refused('<'.repeat(100_000))
    refused('&'.repeat(100_000))
  })
})

/** A second golden value that a forger would like to be believed. */
const EVIL = resource(7, [value(99)])

function outcome(changes: RimChanges): string {
  const verdict = judge({ collateral: { driverRim: makeRim('driver', changes) } })
  const failed = verdict.checks.flatMap((group) => group.checks).find((check) => check.outcome === 'fail')
  return failed === undefined ? verdict.outcome : failed.id.replace('nvidia.rim.driver.', '')
}

describe('soundness 51: XML signatures', () => {
  const wrap = (text: string): string => {
    const signature = /<ds:Signature .*<\/ds:Signature>/s.exec(text)?.[0] ?? ''
    return text
      .replace(signature, '')
      .replace('</SoftwareIdentity>', `<ns0:Payload>${EVIL}</ns0:Payload>${signature}</SoftwareIdentity>`)
  }
  const CHANGES: Readonly<Record<string, readonly [RimChanges, string]>> = {
    'the whole manifest moved into another one (wrapping)': [
      {
        after: (text) =>
          `<SoftwareIdentity xmlns="http://standards.iso.org/iso/19770/-2/2015/schema.xsd" name="GH100" tagId="x">${text}</SoftwareIdentity>`,
      },
      'well-formed',
    ],
    'the signed payload moved into Object': [
      { after: (text) => text.replace('</ds:KeyInfo>', '</ds:KeyInfo><ds:Object><x/></ds:Object>') },
      'well-formed',
    ],
    'a second payload, unsigned': [{ after: wrap }, 'well-formed'],
    'a second payload, signed': [{ before: wrap }, 'well-formed'],
    'a payload of another namespace beside it': [
      {
        before: (text) =>
          text.replace('</SoftwareIdentity>', '<x:Payload xmlns:x="urn:x"></x:Payload></SoftwareIdentity>'),
      },
      'well-formed',
    ],
    'a second Meta': [
      { before: (text) => text.replace('<ns0:Payload>', '<ns0:Meta></ns0:Meta><ns0:Payload>') },
      'well-formed',
    ],
    'no Payload': [{ before: (text) => text.replaceAll('ns0:Payload', 'ns0:Evidence') }, 'well-formed'],
    'a second signature': [
      { after: (text) => text.replace(/(<ds:Signature .*<\/ds:Signature>)/s, '$1$1') },
      'well-formed',
    ],
    'no signature': [{ after: (text) => text.replace(/<ds:Signature .*<\/ds:Signature>/s, '') }, 'well-formed'],
    'the signature moved below the payload': [
      { after: (text) => text.replace(/(<\/ns0:Payload>)(<ds:Signature .*<\/ds:Signature>)/s, '$2$1') },
      'well-formed',
    ],
    'a reference to an id': [{ signedInfo: (info) => info.replace('URI=""', 'URI="#made"') }, 'well-formed'],
    'a reference to the network': [
      { signedInfo: (info) => info.replace('URI=""', 'URI="http://127.0.0.1/x"') },
      'well-formed',
    ],
    'no URI': [{ signedInfo: (info) => info.replace(' URI=""', '') }, 'well-formed'],
    'two references': [
      { signedInfo: (info) => info.replace(/(<ds:Reference.*<\/ds:Reference>)/s, '$1$1') },
      'well-formed',
    ],
    'an XPath transform': [
      {
        signedInfo: (info) =>
          info.replace(
            'http://www.w3.org/2006/12/xml-c14n11"></ds:Transform>',
            'http://www.w3.org/TR/1999/REC-xpath-19991116"></ds:Transform>',
          ),
      },
      'well-formed',
    ],
    'an XSLT transform first': [
      {
        signedInfo: (info) =>
          info.replace(
            'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
            'http://www.w3.org/TR/1999/REC-xslt-19991116',
          ),
      },
      'well-formed',
    ],
    'a third transform': [
      {
        signedInfo: (info) =>
          info.replace(
            '</ds:Transforms>',
            '<ds:Transform Algorithm="http://www.w3.org/2006/12/xml-c14n11"></ds:Transform></ds:Transforms>',
          ),
      },
      'well-formed',
    ],
    'no enveloped transform': [
      { signedInfo: (info) => info.replace(/<ds:Transform Algorithm="[^"]*enveloped[^>]*><\/ds:Transform>/, '') },
      'well-formed',
    ],
    'exclusive canonical form': [
      {
        signedInfo: (info) =>
          info.replace(
            'CanonicalizationMethod Algorithm="http://www.w3.org/2006/12/xml-c14n11"',
            'CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"',
          ),
      },
      'well-formed',
    ],
    'canonical form with comments': [
      { signedInfo: (info) => info.replaceAll('xml-c14n11"', 'xml-c14n11#WithComments"') },
      'well-formed',
    ],
    'an HMAC': [
      {
        signedInfo: (info) =>
          info.replace(
            'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384',
            'http://www.w3.org/2000/09/xmldsig#hmac-sha1',
          ),
      },
      'well-formed',
    ],
    'an HMAC length': [
      {
        signedInfo: (info) =>
          info.replace(
            'ecdsa-sha384"></ds:SignatureMethod>',
            'ecdsa-sha384"><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>',
          ),
      },
      'well-formed',
    ],
    'SHA-1': [
      {
        signedInfo: (info) =>
          info.replace('http://www.w3.org/2001/04/xmldsig-more#sha384', 'http://www.w3.org/2000/09/xmldsig#sha1'),
      },
      'well-formed',
    ],
    'a duplicate id': [
      {
        before: (text) =>
          text.replace('<ns0:Meta ', '<ns0:Meta Id="a" ').replace('<ns0:Payload>', '<ns0:Payload Id="a">'),
      },
      'well-formed',
    ],
    'a comment that splits a value': [
      {
        after: (text) =>
          text
            .replace('colloquialVersion="570.86.10"', 'colloquialVersion="570.86.10"')
            .replace('<ds:SignatureValue>', '<ds:SignatureValue><!-- -->'),
      },
      'well-formed',
    ],
    'an entity': [{ after: (text) => `<!DOCTYPE x [<!ENTITY e "1">]>${text}` }, 'well-formed'],
    'an X.509 subject name': [
      { after: (text) => text.replace('<ds:X509Data>', '<ds:X509Data><ds:X509SubjectName>x</ds:X509SubjectName>') },
      'well-formed',
    ],
    'a key instead of a chain': [
      { after: (text) => text.replace('<ds:X509Data>', '<ds:KeyValue></ds:KeyValue><ds:X509Data>') },
      'well-formed',
    ],
    'a chain in an element that is no KeyInfo': [
      { after: (text) => text.replaceAll('ds:KeyInfo>', 'ds:Object>') },
      'well-formed',
    ],
    'a signature in DER': [
      { after: (text) => text.replace(/<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>MEUCIQ==') },
      'well-formed',
    ],
    'a golden value changed': [{ after: (text) => text.replace(/Hash0="..../, 'Hash0="0000') }, 'digest'],
    'an active value made inactive': [{ after: (text) => text.replace('active="True"', 'active="False"') }, 'digest'],
    'white space added to the payload': [
      { after: (text) => text.replace('<ns0:Payload>', '<ns0:Payload>\n') },
      'digest',
    ],
    'the digest changed with the content': [
      {
        after: (text) =>
          text
            .replace('tagId="made"', 'tagId="evil"')
            .replace(/<ds:DigestValue>[^<]*/, `<ds:DigestValue>${'A'.repeat(64)}`),
      },
      'digest',
    ],
    'the prefix of a namespace bound anew': [
      {
        after: (text) =>
          text.replace(
            'xmlns:ns0="http://standards.iso.org/iso/19770/-2/2015/schema.xsd" xmlns:ns2',
            'xmlns:ns0="urn:x" xmlns:ns2',
          ),
      },
      'well-formed',
    ],
    'a namespace declared around SignedInfo': [
      { after: (text) => text.replace('<SoftwareIdentity ', '<SoftwareIdentity xmlns:evil="urn:x" ') },
      'digest',
    ],
    'another signer with a chain of its own': [{ signer: namedKey('nvidia evil', 'P-384') }, 'signature'],
  }
  for (const [name, [changes, expected]] of Object.entries(CHANGES)) {
    it(`soundness 51: ${name}`, () => {
      assert.equal(outcome(changes), expected)
      const verdict = judge({ collateral: { driverRim: makeRim('driver', changes) } })
      assert.equal(checkOf(verdict, 'nvidia.measurements.match').outcome, 'unchecked')
    })
  }
  it('what canonical form makes equal is equal: line ends, quotes, order, empty elements', () => {
    const same = (after: (text: string) => string): void => assert.equal(outcome({ after }), 'verified')
    same((text) => text.replaceAll('></ns0:Resource>', '/>'))
    same((text) => text.replace('name="GH100" tagId="made"', "tagId='made'   name='GH100'"))
    same((text) => `<?xml version="1.0" encoding="utf-8"?>\r\n${text}\r\n`)
    same((text) => text.replace(/<ds:SignatureValue>([^<]{40})/, '<ds:SignatureValue>\n$1\n'))
    same((text) => text.replace('tagId="made"', 'tagId="m&#97;de"'))
    assert.equal(
      outcome({
        signedInfo: (info) =>
          info.replace(/(enveloped-signature"><\/ds:Transform>)<ds:Transform [^>]*><\/ds:Transform>/, '$1'),
      }),
      'verified',
    )
  })
})

describe('manifests', () => {
  const BROKEN: Readonly<Record<string, string>> = {
    'an index twice': resource(7) + resource(7),
    'an index out of range': resource(255),
    'an index that is no number': resource(7).replace('index="7"', 'index="7x"'),
    'fewer values than alternatives': resource(7).replace('alternatives="1"', 'alternatives="2"'),
    'more values than alternatives': resource(7, [value(1), value(2)]).replace('alternatives="2"', 'alternatives="1"'),
    'no alternatives': resource(7).replace('alternatives="1"', 'alternatives="0"'),
    'a short value': resource(7).replace(/Hash0="[^"]*"/, 'Hash0="00"'),
    'another size': resource(7).replace('size="48"', 'size="32"'),
    'another word for active': resource(7).replace('"True"', '"Maybe"'),
    'another type': resource(7).replace('type="Measurement"', 'type="File"'),
    'another element': '<ns0:File></ns0:File>',
    'a value of another namespace': resource(7).replace('ns2:Hash0', 'Hash0'),
  }
  for (const [name, resources] of Object.entries(BROKEN)) {
    it(`refuses ${name}`, () => assert.throws(() => parseNvidiaRim(makeRim('driver', { resources })), EvidenceError))
  }
  it('refuses another root element and missing attributes', () => {
    for (const before of [
      (text: string): string => text.replaceAll('SoftwareIdentity', 'Software'),
      (text: string): string => text.replace(' colloquialVersion="570.86.10"', ''),
      (text: string): string => text.replace(' product="GH100"', ''),
      (text: string): string => text.replace(' tagId="made"', ''),
    ]) {
      assert.throws(() => parseNvidiaRim(makeRim('driver', { before })), EvidenceError)
    }
  })
  it('refuses every truncation', () => {
    const bytes = makeRim('driver')
    for (let length = 0; length < bytes.length; length += 7)
      assert.throws(() => parseNvidiaRim(bytes.subarray(0, length)), EvidenceError)
  })
})
