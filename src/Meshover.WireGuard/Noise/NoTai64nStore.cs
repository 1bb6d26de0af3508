namespace Meshover.WireGuard.Noise;

/// <summary>Keeps nothing over a restart, as other implementations do: then only a right clock lets us in again.</summary>
internal sealed class NoTai64nStore : ITai64nStore
{
    public Tai64n? Load() => null;

    public void Save(Tai64n mark)
    {
    }
}
