using System.Globalization;
using Meshover.Routing.Supervision;

namespace Meshover.Routing.Backends;

/// <summary>User and group that FRR's daemons become, as install(1) takes them: names of this machine, or numbers of a container.</summary>
internal sealed record FrrOwner(string User, string Group)
{
    /// <summary>This machine's own.</summary>
    public static FrrOwner Machine { get; } = new("frr", "frr");

    /// <summary>The user's number; null where this machine has no such user.</summary>
    public uint? UserId => uint.TryParse(User, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : FrrUser.Find();

    /// <summary>Null where the text is none.</summary>
    public static FrrOwner? TryParse(string text) => text.Split(' ', StringSplitOptions.TrimEntries) is [{ Length: > 0 } user, { Length: > 0 } group] ? new FrrOwner(user, group) : null;

    public override string ToString() => $"{User} {Group}";
}
