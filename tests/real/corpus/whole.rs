//! Events within all limits.

use serde_json::{Value, json};

use super::{Event, MIXED};

/// All of them.
pub fn events() -> Vec<Event> {
    let mut events = messages();
    events.extend(exceptions());
    events.extend(surroundings());
    events.extend(breadcrumbs());
    events.extend(identities());
    events
}

fn messages() -> Vec<Event> {
    events! {
        "message": {"message": "The paper tray is empty"},
        "message in many scripts": {"message": "Größe 尺寸 حجم מידה 😀 e\u{301}"},
        "message with escapes": {"message": "a \"quote\", a \\, a \t tab\r\nand a line"},
        "message of the greatest length": {"message": MIXED.repeat(2048)},
        "message object": {"message": {"message": "%s is empty", "params": ["tray"], "formatted": "tray is empty"}},
        "message object without parameters": {"message": {"formatted": "ready"}},
        "logentry": {"logentry": {"message": "{} of {}", "params": ["3", "7"], "formatted": "3 of 7"}},
        "logentry with named parameters": {"logentry": {"message": "{who}", "params": {"who": "me"}, "formatted": "me"}},
        "logentry with numbers": {"logentry": {"message": "%d %f %s", "params": [1, 2.5, true], "formatted": "1 2.5 true"}},
        "level fatal": {"message": "m", "level": "fatal"},
        "level error": {"message": "m", "level": "error"},
        "level warning": {"message": "m", "level": "warning"},
        "level info": {"message": "m", "level": "info"},
        "level debug": {"message": "m", "level": "debug"},
    }
}

fn native_frames() -> Value {
    json!([
        {"instruction_addr": "0x5581a0", "function": "main", "filename": "main.c", "abs_path": "/src/main.c", "lineno": 12,
         "colno": 3, "package": "/usr/bin/printer", "image_addr": "0x558000", "symbol_addr": "0x558190", "in_app": true},
        {"instruction_addr": "0x7f0000001234", "package": "/lib/libc.so.6", "in_app": false, "trust": "cfi"},
        {"function": "printer::Tray::open(int)", "raw_function": "_ZN7printer4Tray4openEi", "module": "printer",
         "lineno": 7, "filename": "tray.cpp", "pre_context": ["int n;", ""], "context_line": "open(n);",
         "post_context": ["}"], "vars": {"n": "3", "name": "upper"}},
    ])
}

fn exceptions() -> Vec<Event> {
    let stack = json!({"frames": native_frames(), "registers": {"rip": "0x7f0000001234", "rsp": "0x7ffe00000010"}});
    let image = json!({
        "type": "elf", "image_addr": "0x558000", "image_size": 4096, "code_file": "/usr/bin/printer",
        "code_id": "f1c3bcc0279865fe3058404b2831d9e64135386c", "debug_id": "c0bcc3f1-9827-fe65-3058-404b2831d9e6",
        "debug_file": "/usr/lib/debug/printer.debug", "arch": "x86_64",
    });
    events! {
        "exception": {"exception": {"values": [{"type": "TrayError", "value": "empty"}]}},
        "exception as a list": {"exception": [{"type": "TrayError", "value": "empty"}]},
        "exception with a type only": {"exception": {"values": [{"type": "TrayError"}]}},
        "exception with a value only": {"exception": {"values": [{"value": "empty"}]}},
        "chained exceptions": {"exception": {"values": [
                {"type": "IoError", "value": "ENOENT", "module": "io",
                 "mechanism": {"type": "chained", "handled": true, "exception_id": 1, "parent_id": 0, "source": "cause"}},
                {"type": "TrayError", "value": "empty", "module": "printer",
                 "mechanism": {"type": "generic", "handled": true, "exception_id": 0, "is_exception_group": true}},
            ]}},
        "crash": {
                "level": "fatal",
                "exception": {"values": [{
                    "type": "SIGSEGV", "value": "Segfault", "thread_id": 7, "stacktrace": stack,
                    "mechanism": {
                        "type": "signalhandler", "handled": false, "synthetic": true, "description": "d", "help_link": "https://h.example/",
                        "meta": {"signal": {"number": 11, "name": "SIGSEGV", "code": 1, "code_name": "SEGV_MAPERR"},
                                 "errno": {"number": 2, "name": "ENOENT"}},
                        "data": {"relevant_address": "0x10"},
                    },
                }]},
                "threads": {"values": [
                    {"id": 7, "name": "main", "crashed": true, "current": true, "main": true, "state": "RUNNABLE"},
                    {"id": "8", "name": "worker", "crashed": false, "current": false, "stacktrace": stack},
                ]},
                "debug_meta": {"images": [image]},
            },
        "message with a stack": {"message": "here", "threads": {"values": [{"id": 1, "current": true, "stacktrace": stack}]}},
        "threads as a list": {"message": "here", "threads": [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}]},
        "image of the kernel": {"message": "m", "debug_meta": {"images": [
            {"type": "elf", "code_file": "linux-gate.so.1", "image_addr": "0x7fff000", "image_size": 4096,
             "debug_id": "00000000-0000-0000-0000-000000000001", "image_vmaddr": "0x0"}]}},
    }
}

fn surroundings() -> Vec<Event> {
    events! {
        "user": {"message": "m", "user": {
            "id": "42", "username": "ada", "email": "ada@example.org", "ip_address": "192.0.2.7", "name": "Ada",
            "geo": {"country_code": "DE", "city": "Berlin", "region": "Germany"}, "plan": "free", "age": 36}},
        "request": {"message": "m", "request": {
            "url": "https://shop.example/cart", "method": "POST", "query_string": [["page", "2"], ["sort", "price"]],
            "headers": [["Accept", "text/html"], ["Host", "shop.example"]], "cookies": [["theme", "dark"]],
            "data": {"items": ["pen", "ink"]}, "env": {"SERVER_NAME": "shop-1"}}},
        "tags": {"message": "m", "tags": {"tray": "2", "a.b:c-d_e": "ok", "text": "Größe 😀", "k".repeat(200): "v".repeat(200)}},
        "tags as pairs": {"message": "m", "tags": [["tray", "2"], ["side", "left"]]},
        "extra": {"message": "m", "extra": {
            "text": "t", "number": -1.5, "large": 9_007_199_254_740_991_i64, "yes": true, "list": [1, "two", [3]],
            "object": {"a": {"b": "c"}}}},
        "extra of the greatest size": {"message": "m", "extra": {"text": "x".repeat(16 * 1024 - 2)}},
        "contexts": {"message": "m", "contexts": {
                "os": {"type": "os", "name": "Linux", "version": "6.1.0", "build": "1", "kernel_version": "6.1.0-13"},
                "device": {"type": "device", "name": "printer-1", "family": "Printer", "arch": "x86_64", "memory_size": 8_000_000_000_u64,
                           "processor_count": 4},
                "app": {"type": "app", "app_name": "printer", "app_version": "1.0"},
                "runtime": {"type": "runtime", "name": "gcc", "version": "12.2"},
                "gpu": {"type": "gpu", "name": "llvmpipe", "vendor_name": "Mesa"},
                "trace": {"type": "trace", "trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331", "op": "print"},
                "flags": {"values": [{"flag": "duplex", "result": true}]},
                "paper": {"type": "paper", "format": "A4", "weight": 80, "trays": ["upper", "lower"]},
            }},
        "context of the greatest size": {"message": "m", "contexts": {"blob": {"text": "x".repeat(8000)}}},
        "everything beside the message": {
                "message": "m", "logger": "printer.tray", "transaction": "open tray", "server_name": "host-1", "release": "printer@1.0.0+7",
                "dist": "7", "environment": "staging", "platform": "native", "fingerprint": ["{{ default }}", "tray"],
                "modules": {"libc": "2.36", "libcurl": "7.88.1"},
                "sdk": {"name": "custom.native", "version": "1.2.3", "integrations": ["logger"], "packages": [{"name": "github:x", "version": "1"}]},
            },
        "another platform": {"message": "m", "platform": "python"},
    }
}

fn breadcrumbs() -> Vec<Event> {
    let all = json!([
        {"timestamp": "2026-01-02T03:04:05.678Z", "message": "first"},
        {"timestamp": 1_767_322_000, "type": "default", "category": "tray", "message": "second", "level": "warning"},
        {"timestamp": 1_767_322_001.25, "type": "http", "category": "http", "level": "info",
         "data": {"url": "https://shop.example/", "method": "GET", "status_code": 200, "reason": "OK"}},
        {"timestamp": 1_767_322_002, "type": "navigation", "data": {"from": "/a", "to": "/b"}},
        {"timestamp": 1_767_322_003, "type": "error", "level": "fatal", "message": "Größe 😀"},
        {"timestamp": 1_767_322_004, "level": "debug", "category": "empty"},
        {"timestamp": 1_767_322_005, "data": {"number": 1.5, "yes": true, "list": [1, 2], "object": {"a": "b"}}},
    ]);
    events! {
        "breadcrumbs": {"message": "m", "breadcrumbs": {"values": all}},
        "breadcrumbs as a list": {"message": "m", "breadcrumbs": all},
    }
}

fn identities() -> Vec<Event> {
    events! {
        "own id": {"message": "m", "event_id": "0123456789abcdef0123456789abcdef"},
        "time as text": {"message": "m", "timestamp": "2026-01-02T03:04:05.123456Z"},
        "time without fraction": {"message": "m", "timestamp": "2026-01-02T03:04:05Z"},
        "time in seconds": {"message": "m", "timestamp": 1_767_322_001},
        "time in seconds with fraction": {"message": "m", "timestamp": 1_767_322_001.25},
    }
}
