"""HTTP/1.1 requests and answers, and property lists in XML."""

import base64


def get(host, path, agent):
    """A GET request."""
    return (f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nAccept: */*\r\n"
            "Accept-Language: en-us\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n").encode()


def ok(body, content_type, date, server="Apache"):
    """A 200 answer with BODY."""
    head = (f"HTTP/1.1 200 OK\r\nServer: {server}\r\nDate: {date}\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n")
    return head.encode() + body


def plist(value):
    """VALUE (dict, list, str, int, bool, bytes) as an XML property list."""
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'
            f'<plist version="1.0">\n{_element(value)}</plist>\n').encode()


def _element(value):
    if isinstance(value, dict):
        return "<dict>\n" + "".join(f"<key>{k}</key>{_element(v)}" for k, v in value.items()) + "</dict>\n"
    if isinstance(value, list):
        return "<array>\n" + "".join(map(_element, value)) + "</array>\n"
    if isinstance(value, bytes):
        text = base64.b64encode(value).decode()
        lines = [text[i:i + 68] for i in range(0, len(text), 68)]
        return "<data>\n" + "\n".join(lines) + "\n</data>\n"
    if isinstance(value, bool):
        return "<true/>\n" if value else "<false/>\n"
    if isinstance(value, int):
        return f"<integer>{value}</integer>\n"
    return f"<string>{value}</string>\n"
