using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Meshover.Contract.V1;
using Meshover.Controller.Api;
using Meshover.Controller.Membership;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class LimitsTests
{
    /// <summary>Every text, bytes and list of what the controller's services take, by name.</summary>
    public static TheoryData<string> Fields => [.. Taken.Keys];

    private static readonly Dictionary<string, FieldDescriptor> Taken = new[] { MeshReflection.Descriptor, AdminReflection.Descriptor }
        .SelectMany(file => file.Services).SelectMany(service => service.Methods)
        .SelectMany(method => FieldsOf(method.InputType, [])).Where(IsUnbounded)
        .DistinctBy(field => field.FullName).ToDictionary(field => field.FullName);

    [Theory]
    [MemberData(nameof(Fields))]
    public void Field_ThatACallerFills_HasABound_AndIsRefusedBeyondIt(string name)
    {
        var field = Taken[name];
        var bound = Limits.Of(field);
        Assert.True(bound is not null, $"{name} may be of any length: give it a bound in Limits.");
        Limits.Check(With(field, bound.Items, bound.Length));

        if (field.IsRepeated)
            Refused(With(field, bound.Items + 1, bound.Length));
        if (field.FieldType is FieldType.String or FieldType.Bytes)
            Refused(With(field, bound.Items, bound.Length + 1));
        if (field.FieldType == FieldType.String)
            Assert.All(new[] { "\e]0;x\a", "\n", "\u202e" }, text => Refused(With(field, 1, text)));
    }

    [Fact]
    public void Text_OfPeople_MayBeInAnyScript()
    {
        Limits.Check(new NodeStatus { Site = "東京, Zürich 🗼 👩\u200d💻" });
        Refused(new NodeHello { Hello = new Hello { Version = "ü" } });
    }

    [Fact]
    public void Status_WithAllThatABigMeshCanHave_FitsIntoAMessage()
    {
        var status = new NodeStatus
        {
            Observed = new ObservedPeers
            {
                Peers = { Enumerable.Range(0, 16_384).Select(i => new ObservedPeers.Types.Peer { NodeId = (uint)i, Address = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", Port = 65_535 }) },
            },
        };
        Limits.Check(status);
        Assert.True(status.CalculateSize() < Limits.LongestMessage);
    }

    [Fact]
    public void Violations_OfARequestThatIsAllWrong_AreFewAndShort()
    {
        var violations = new Violations();
        for (var i = 0; i < 1_000; i++)
            violations.Add($"field[{i}]", new string('x', 100_000));
        var refused = Assert.Throws<InvalidRequestException>(violations.ThrowIfAny);
        Assert.Equal(20, refused.Violations.Length);
        Assert.True(refused.Message.Length < 8_000);
        Assert.Equal($"\"{new string('x', 100)}…\"", Violations.Quote(new string('x', 1_000)));
    }

    private static void Refused(IMessage message) => Assert.Throws<InvalidRequestException>(() => Limits.Check(message));

    private static bool IsUnbounded(FieldDescriptor field) => field.IsRepeated || field.FieldType is FieldType.String or FieldType.Bytes;

    private static IEnumerable<FieldDescriptor> FieldsOf(MessageDescriptor message, HashSet<MessageDescriptor> seen) => seen.Add(message)
        ? message.Fields.InDeclarationOrder().SelectMany(field =>
            field.FieldType == FieldType.Message ? FieldsOf(field.MessageType, seen).Prepend(field) : [field])
        : [];

    private static IMessage With(FieldDescriptor field, int items, int length) => With(field, items, new string('x', length));

    private static IMessage With(FieldDescriptor field, int items, string text)
    {
        var message = field.ContainingType.Parser.ParseFrom(ByteString.Empty);
        object value = field.FieldType switch
        {
            FieldType.String => text,
            FieldType.Bytes => ByteString.CopyFromUtf8(text),
            FieldType.Message => field.MessageType.Parser.ParseFrom(ByteString.Empty),
            FieldType.UInt32 => 7u,
            _ => throw new InvalidOperationException($"{field.FullName} is of a kind that this test does not fill."),
        };
        if (!field.IsRepeated)
            field.Accessor.SetValue(message, value);
        for (var i = 0; field.IsRepeated && i < items; i++)
            ((IList)field.Accessor.GetValue(message)).Add(value);
        return message;
    }
}
