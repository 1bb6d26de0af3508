namespace Meshover.Controller.Stores;

/// <summary>Which entries to read.</summary>
/// <param name="From">The first key that there may be.</param>
/// <param name="Until">The first key behind them; null: there is no end.</param>
internal sealed record StoreRange(string From, string? Until)
{
    public static readonly StoreRange All = new("", null);

    /// <summary>So many from the range's start, or from its end.</summary>
    public int Limit { get; init; } = int.MaxValue;

    /// <summary>From its end: the last key comes first.</summary>
    public bool Backwards { get; init; }

    /// <summary>The keys below <c>NAME/</c>; "0" is the character behind the slash.</summary>
    public static StoreRange Folder(string name) => new(name + "/", name + "0");
}
