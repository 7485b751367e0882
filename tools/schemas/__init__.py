"""Writes what connector authors need from the contracts: JSON Schemas, an index, an AsyncAPI document.

The AsyncAPI document is built here from the registry and not by FastStream's generator. That one sees topics,
not types: it gives a channel one message whose payload is a union of all types, without their headers, with
a correlation id that Hearth does not use, and in an order that changes from run to run.
"""
