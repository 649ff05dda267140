"""The door that speaks Microsoft Graph."""
