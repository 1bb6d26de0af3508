using System.Text.Json;
using System.Text.Json.Serialization;

namespace Meshover.Controller.State;

/// <summary>
/// A record of the store, or a part of one. What a newer release wrote into it stays there when this one rewrites it, as long as the new record is
/// made of the old (<c>with</c>): releases may be mixed, and one may go back.
/// </summary>
internal abstract record StoredRecord
{
    // The deserialiser fills it after the object is made, which init would not allow. Never changed by us: copies share it.
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? FromNewer { get; set; }
}
