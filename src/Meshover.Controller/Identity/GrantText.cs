using System.Globalization;
using Meshover.Controller.State;

namespace Meshover.Controller.Identity;

/// <summary>A grant inside a JWT: <c>10.64.1.0/24-28</c>, the number behind the hyphen being the longest announced length.</summary>
internal static class GrantText
{
    public static string Write(StoredGrant grant) => $"{grant.Prefix}-{grant.MaxLength}";

    public static StoredGrant Read(string text)
    {
        var hyphen = text.LastIndexOf('-');
        return new StoredGrant(text[..hyphen], int.Parse(text.AsSpan(hyphen + 1), CultureInfo.InvariantCulture));
    }
}
