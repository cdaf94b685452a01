#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets of src/graph: small files that reach each part of the two readers.

Usage: scripts/make-graph-fuzz-corpus.py    (from the root of the checkout; needs nothing but Python)
"""
import json
import pathlib
import struct

CORPUS = pathlib.Path("src/graph/fuzz/corpus")


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def real(field, value):
    return varint(field << 3 | 5) + struct.pack("<f", value)


def data(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def attribute(name, kind, *fields):
    return data(5, data(1, name) + b"".join(fields) + number(20, kind))


def node(op, inputs, outputs, *attributes, domain="", name=""):
    return data(1, b"".join(data(1, i) for i in inputs) + b"".join(data(2, o) for o in outputs) + data(3, name) + data(4, op) + b"".join(attributes)
                + (data(7, domain) if domain else b""))


def tensor(name, dims, kind, content):
    return b"".join(number(1, d) for d in dims) + number(2, kind) + data(8, name) + content


def value(name, sizes, kind=1):
    shape = b"".join(data(1, number(1, s) if s >= 0 else data(2, "n")) for s in sizes)
    return data(1, name) + data(2, data(1, number(1, kind) + data(2, shape)))


def model(nodes, inputs, outputs, tensors=(), version=17, extra=b""):
    graph = b"".join(nodes) + data(2, "seed") + b"".join(data(5, t) for t in tensors) + b"".join(data(11, i) for i in inputs)
    graph += b"".join(data(12, o) for o in outputs)
    return number(1, 8) + data(7, graph) + data(8, data(1, "") + number(2, version)) + extra


def onnx_seeds():
    floats = struct.pack("<18f", *range(18))
    yield "convolution", model(
        [node("Conv", ["x", "w", "b"], ["c"], attribute("kernel_shape", 7, number(8, 3), number(8, 3)), attribute("pads", 7, *[number(8, 1)] * 4)),
         node("InstanceNormalization", ["c", "b", "b"], ["i"], attribute("epsilon", 1, real(2, 1e-3))), node("LeakyRelu", ["i"], ["y"])],
        [value("x", [-1, 1, -1, -1])], [value("y", [-1, 2, -1, -1])],
        [tensor("w", [2, 1, 3, 3], 1, data(9, floats)), tensor("b", [2], 1, real(4, 1) + real(4, 2))])
    yield "shapes", model(
        [node("Shape", ["x"], ["s"]), node("Constant", [], ["zero"], attribute("value_ints", 7, number(8, 0))),
         node("Gather", ["s", "zero"], ["n"], attribute("axis", 2, number(3, 0))), node("Concat", ["n", "rest"], ["t"], attribute("axis", 2, number(3, 0))),
         node("Reshape", ["x", "t"], ["r"]), node("ConstantOfShape", ["t2"], ["f"], attribute("value", 4, data(5, tensor("", [1], 1, real(4, 7))))),
         node("Einsum", ["r", "f"], ["y"], attribute("equation", 3, data(4, "ab,bc->ac")))],
        [value("x", [2, 3, 4])], [value("y", [2, 5])],
        [tensor("rest", [1], 7, number(7, -1)), tensor("t2", [2], 7, data(7, varint(12) + varint(5)))])
    yield "old", model(
        [node("Squeeze", ["x"], ["s"], attribute("axes", 7, number(8, 0))), node("Clip", ["s"], ["c"], attribute("min", 1, real(2, 0)), attribute("max", 1, real(2, 6))),
         node("Upsample", ["c"], ["u"], attribute("scales", 6, real(7, 1), real(7, 2))), node("Softmax", ["u"], ["p"]),
         node("Slice", ["p"], ["y"], attribute("starts", 7, number(8, 1)), attribute("ends", 7, number(8, 3)))],
        [value("x", [1, 3, 4])], [value("y", [2, 8])], version=8)
    yield "own-operators", model(
        [node("GroupNormalization", ["x", "w", "w"], ["g"], attribute("num_groups", 2, number(3, 2)), domain="isocenter", name="g"),
         node("GeluTanh", ["g"], ["h"], attribute("approximate", 3, data(4, "tanh")), domain="isocenter", name="h"),
         node("Mish", ["h"], ["y"], domain="isocenter", name="m")],
        [value("x", [1, 4, 3])], [value("y", [1, 4, 3])], [tensor("w", [4], 1, data(4, struct.pack("<4f", 1, 2, 3, 4)))],
        extra=data(14, data(1, "exact number: g epsilon") + data(2, "0x1.5p-20")) + data(8, data(1, "isocenter") + number(2, 1)))
    yield "types", model(
        [node("Cast", ["h"], ["f"], attribute("to", 2, number(3, 1))), node("Where", ["q", "f", "f"], ["y"])], [value("unused", [1], 7)], [value("y", [2])],
        [tensor("h", [2], 10, number(5, 0x3C00) + number(5, 0xC000)), tensor("q", [2], 9, number(5, 1) + number(5, 0)), tensor("d", [1], 11, data(10, struct.pack("<d", 2.5))),
         tensor("u", [1], 13, number(11, 5)), tensor("e", [1], 1, data(13, data(1, "location") + data(2, "absent.bin")))])


def safetensors_seeds():
    def file(header, content=b""):
        text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        return struct.pack("<Q", len(text)) + text + content

    yield "empty", file({})
    yield "two", file({"__metadata__": {"format": "pt"}, "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
                       "b": {"dtype": "BF16", "shape": [1, 3], "data_offsets": [8, 14]}}, bytes(range(14)))
    yield "scalar-and-none", file({"s": {"dtype": "I64", "shape": [], "data_offsets": [0, 8]}, "n": {"dtype": "BOOL", "shape": [0, 4], "data_offsets": [8, 8]}}, bytes(8))
    yield "overlap", file({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}, "b": {"dtype": "U8", "shape": [4], "data_offsets": [2, 6]}}, bytes(6))
    yield "twice", file(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', bytes(1))


for kind, seeds in (("onnx", onnx_seeds()), ("safetensors", safetensors_seeds())):
    folder = CORPUS / kind
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in seeds:
        (folder / name).write_bytes(content)
        print(folder / name, len(content), "bytes")
